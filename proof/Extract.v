(** Extraction to OCaml: numbers become Zarith's, booleans, lists, options, pairs and natural numbers OCaml's. *)

From Coq Require Import ZArith QArith Extraction.
From Coq Require Import ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZBigInt.
Require Import Statement Check.

(** The functions of integers that the standard extraction leaves out. *)
Extract Constant Z.log2 => "(fun x -> Big_int_Z.big_int_of_int (if Z.sign x <= 0 then 0 else Z.numbits x - 1))".
Extract Constant Z.gcd => "Z.gcd".
Extract Constant Z.leb => "Z.leq".
Extract Constant Z.ltb => "Z.lt".
Extract Constant Pos.eqb => "Z.equal".
Extract Constant Z.to_pos => "(fun x -> if Z.sign x > 0 then x else Z.one)".
Extract Constant Z.add => "Z.add".
Extract Constant Z.sub => "Z.sub".
Extract Constant Z.mul => "Z.mul".
Extract Constant Z.opp => "Z.neg".
Extract Constant Z.eqb => "Z.equal".
Extract Constant Z.min => "Z.min".
Extract Constant Z.max => "Z.max".
Extract Constant Z.abs => "Z.abs".
Extract Constant Z.shiftr => "(fun x y -> let y = Z.to_int y in if y < 0 then Z.shift_left x (-y) else Z.shift_right x y)".
Extract Constant Z.shiftl => "(fun x y -> let y = Z.to_int y in if y < 0 then Z.shift_right x (-y) else Z.shift_left x y)".
Extraction Blacklist Z Big_int_Z.

Extraction "built/proved.ml" check.
