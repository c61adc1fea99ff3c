(* Properties in VNN-LIB: must be believed. *)

open Files

type expression = Word of string | Call of expression list

let expressions text =
  let tokens = ref [] and word = Buffer.create 20 and in_comment = ref false in
  let flush () = if Buffer.length word > 0 then (tokens := Buffer.contents word :: !tokens; Buffer.clear word) in
  String.iter
    (fun c ->
      if !in_comment then (if c = '\n' then in_comment := false)
      else
        match c with
        | ';' -> flush (); in_comment := true
        | '(' | ')' -> flush (); tokens := String.make 1 c :: !tokens
        | ' ' | '\n' | '\r' | '\t' -> flush ()
        | _ -> Buffer.add_char word c)
    text;
  flush ();
  let rec close found stack = function
    | [] -> if stack = [] then List.rev found else fail "the property: a `(` is not closed"
    | "(" :: rest -> close [] (found :: stack) rest
    | ")" :: rest -> (
        match stack with
        | outer :: stack -> close (Call (List.rev found) :: outer) stack rest
        | [] -> fail "the property: a `)` too many")
    | w :: rest -> close (Word w :: found) stack rest
  in
  close [] [] (List.rev !tokens)

(* Affine functions of the variables: coefficients of inputs, of outputs, and the constant. *)
type linear = { x : Q.t array; y : Q.t array; c : Q.t }

let of_rational (q : Proved.q) = Q.make q.qnum q.qden
let to_rational q = { Proved.qnum = Q.num q; qden = Q.den q }

let combine f a b = { x = Array.map2 f a.x b.x; y = Array.map2 f a.y b.y; c = f a.c b.c }
let scale k a = { x = Array.map (Q.mul k) a.x; y = Array.map (Q.mul k) a.y; c = Q.mul k a.c }
let is_constant a = Array.for_all (Q.equal Q.zero) a.x && Array.for_all (Q.equal Q.zero) a.y

(* left ≤ right, or <; a truth value where no variable remains. *)
let compare left right strict =
  let d = combine Q.sub left right in
  if is_constant d then begin
    let sign = Q.sign d.c in
    if sign < 0 || (sign = 0 && not strict) then Proved.And [] else Proved.Or []
  end else
    let coefficients a = List.map to_rational (Array.to_list a) in
    Proved.Is { on_inputs = coefficients d.x; on_outputs = coefficients d.y; limit = to_rational (Q.neg d.c); strict }

(* And and or with truth values resolved: what is true or false has no part in the clauses. *)
let all parts = if List.mem (Proved.Or []) parts then Proved.Or [] else Proved.And (List.filter (( <> ) (Proved.And [])) parts)
let any parts = if List.mem (Proved.And []) parts then Proved.And [] else Proved.Or (List.filter (( <> ) (Proved.Or [])) parts)

let read text inputs outputs =
  let declared = Hashtbl.create 20 in
  let zero = { x = Array.make inputs Q.zero; y = Array.make outputs Q.zero; c = Q.zero } in
  let variable name =
    let place = function
      | "X", i when i < inputs -> let x = Array.copy zero.x in x.(i) <- Q.one; Some { zero with x }
      | "Y", i when i < outputs -> let y = Array.copy zero.y in y.(i) <- Q.one; Some { zero with y }
      | _ -> None
    in
    match String.split_on_char '_' name with
    | [ side; i ] when is_digits i && String.length i < 8 && (i = "0" || i.[0] <> '0') -> place (side, int_of_string i)
    | _ -> None
  in
  let rec linear = function
    | Word w when Hashtbl.mem declared w -> Hashtbl.find declared w
    | Word w -> { zero with c = of_rational (decimal w) }
    | Call (Word "+" :: first :: rest) -> List.fold_left (fun a b -> combine Q.add a (linear b)) (linear first) rest
    | Call [ Word "-"; only ] -> scale Q.minus_one (linear only)
    | Call (Word "-" :: first :: rest) -> List.fold_left (fun a b -> combine Q.sub a (linear b)) (linear first) rest
    | Call (Word "*" :: first :: rest) ->
        let times a b =
          if is_constant b then scale b.c a else if is_constant a then scale a.c b else fail "the property is not linear"
        in
        List.fold_left (fun a b -> times a (linear b)) (linear first) rest
    | _ -> fail "a term of the property is not understood"
  in
  let rec formula = function
    | Call (Word "and" :: (_ :: _ as parts)) -> all (List.map formula parts)
    | Call (Word "or" :: (_ :: _ as parts)) -> any (List.map formula parts)
    | Call [ Word "<="; s; t ] -> compare (linear s) (linear t) false
    | Call [ Word "<"; s; t ] -> compare (linear s) (linear t) true
    | Call [ Word ">="; s; t ] -> compare (linear t) (linear s) false
    | Call [ Word ">"; s; t ] -> compare (linear t) (linear s) true
    | Call [ Word "="; s; t ] ->
        let s = linear s and t = linear t in
        all [ compare s t false; compare t s false ]
    | _ -> fail "a formula of the property is not understood"
  in
  let command found = function
    | Call [ Word "declare-const"; Word name; Word "Real" ] when not (Hashtbl.mem declared name) -> (
        match variable name with
        | Some v -> Hashtbl.add declared name v; found
        | None -> fail ("the variable " ^ name ^ " does not fit the network"))
    | Call [ Word "assert"; f ] -> formula f :: found
    | _ -> fail "a command of the property is not understood"
  in
  let asserted = List.fold_left command [] (expressions text) in
  if Hashtbl.length declared <> inputs + outputs then fail "the variables of the property do not fit the network";
  all (List.rev asserted)
