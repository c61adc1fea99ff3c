(** Extraction to OCaml: numbers become Zarith's, booleans, lists, options, pairs and natural numbers OCaml's. *)

From Coq Require Import ZArith QArith Extraction.
From Coq Require Import ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZBigInt.
Require Import Statement Check Questions.

(** The functions of integers that the standard extraction leaves out. *)
Extract Constant Z.log2 => "(fun x -> Big_int_Z.big_int_of_int (if Big.sign x <= 0 then 0 else Big.numbits x - 1))".
Extract Inlined Constant Z.gcd => "Big.gcd".
Extract Inlined Constant Z.leb => "Big.leq".
Extract Inlined Constant Z.ltb => "Big.lt".
Extract Inlined Constant Pos.eqb => "Big.equal".
Extract Constant Z.to_pos => "(fun x -> if Big.sign x > 0 then x else Big.one)".
Extract Inlined Constant Z.add => "Big.add".
Extract Inlined Constant Z.sub => "Big.sub".
Extract Inlined Constant Z.mul => "Big.mul".
Extract Inlined Constant Z.opp => "Big.neg".
Extract Inlined Constant Z.eqb => "Big.equal".
Extract Inlined Constant Z.min => "Big.min".
Extract Inlined Constant Z.max => "Big.max".
Extract Inlined Constant Z.abs => "Big.abs".
Extract Constant Z.shiftr => "(fun x y -> let y = Big.to_int y in if y < 0 then Big.shift_left x (-y) else Big.shift_right x y)".
Extract Constant Z.shiftl => "(fun x y -> let y = Big.to_int y in if y < 0 then Big.shift_right x (-y) else Big.shift_left x y)".
Extraction Blacklist Z Big_int_Z.

Extraction "built/proved.ml" check check_question region_formula.
