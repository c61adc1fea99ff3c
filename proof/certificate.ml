(* The text of certificates. A misread record cannot make a false claim be accepted: only the header must be believed. *)

(* The extracted file has a module Z of its own. *)
module Integer = Z
open Proved
module Z = Integer

exception Rejected of int * string

type lines = { text : string array; mutable next : int }

let reject lines reason = raise (Rejected (lines.next, reason))

let fields lines =
  if lines.next >= Array.length lines.text then (lines.next <- lines.next + 1; reject lines "the certificate ends too early");
  let found = String.split_on_char ' ' lines.text.(lines.next) in
  lines.next <- lines.next + 1;
  if List.mem "" found then reject lines "an empty field";
  found

let lines_of text =
  let all = String.split_on_char '\n' text in
  let all = match List.rev all with "" :: rest -> List.rev rest | _ -> all in
  { text = Array.of_list all; next = 0 }

let integer lines text =
  let digits = if text <> "" && text.[0] = '-' then String.sub text 1 (String.length text - 1) else text in
  if not (Files.is_digits digits) || (digits.[0] = '0' && text <> "0") then reject lines ("not an integer: " ^ text);
  Z.of_string text

let index lines text =
  let z = integer lines text in
  if Z.sign z < 0 || Z.compare z (Z.of_int 1_000_000_000) > 0 then reject lines ("out of range: " ^ text);
  Z.to_int z

let rational lines text =
  match String.split_on_char '/' text with
  | [ p ] -> { qnum = integer lines p; qden = Z.one }
  | [ p; q ] ->
      let p = integer lines p and q = integer lines q in
      if Z.leq q Z.one || not (Z.equal (Z.gcd p q) Z.one) then reject lines ("not in lowest terms: " ^ text);
      { qnum = p; qden = q }
  | _ -> reject lines ("not a rational: " ^ text)

let dyadic lines text =
  let m, e =
    match String.split_on_char ':' text with
    | [ m ] -> (integer lines m, Z.zero)
    | [ m; e ] -> (integer lines m, integer lines e)
    | _ -> reject lines ("not a dyadic: " ^ text)
  in
  if Z.numbits m > 63 || Z.compare (Z.abs e) (Z.of_int 1100) > 0 then reject lines ("out of range: " ^ text);
  (m, e)

let row_name lines text =
  let z = integer lines text in
  if Z.sign z >= 0 then (false, index lines text) else (true, Z.to_int (Z.pred (Z.neg z)))

let multiplier lines text =
  match String.split_on_char '*' text with
  | [ row; factor ] ->
      let m, e = dyadic lines factor in
      if Z.sign m < 0 then reject lines "a multiplier is negative";
      (row_name lines row, (m, e))
  | _ -> reject lines ("not a multiplier: " ^ text)

(* A neuron's layer and place in it, by the widths of the ReLU layers. *)
let place lines widths text =
  let number = index lines text in
  let rec find depth before = function
    | [] -> reject lines ("there is no neuron " ^ text)
    | w :: rest -> if number < before + w then { depth; index = number - before; number } else find (depth + 1) (before + w) rest
  in
  find 0 0 widths

let split_once text separator =
  let n = String.length separator in
  let rec find i =
    if i + n > String.length text then None
    else if String.sub text i n = separator then Some (String.sub text 0 i, String.sub text (i + n) (String.length text - i - n))
    else find (i + 1)
  in
  find 0

let told lines widths text =
  match String.split_on_char ',' text with
  | bound :: by ->
      let neuron, is_upper, value =
        match (split_once bound ">=", split_once bound "<=") with
        | Some (k, v), _ -> (k, false, v)
        | None, Some (k, v) -> (k, true, v)
        | _ -> reject lines ("not a bound: " ^ text)
      in
      { told_at = place lines widths neuron; is_upper; told_value = dyadic lines value; told_by = List.map (multiplier lines) by }
  | [] -> reject lines "not a bound"

let basis lines dimension text =
  match String.split_on_char '/' text with
  | [ rows; inputs ] ->
      let rows = List.map (row_name lines) (String.split_on_char ',' rows) in
      let input text = let j = index lines text in if j >= dimension then reject lines ("there is no input " ^ text) else j in
      let inputs = List.map input (String.split_on_char ',' inputs) in
      if List.length rows <> List.length inputs then reject lines ("not as many rows as inputs: " ^ text);
      (rows, inputs)
  | _ -> reject lines ("not a basis: " ^ text)

let term lines widths used text =
  match String.split_on_char '*' text with
  | [ what; factor ] when what <> "" ->
      if Hashtbl.mem used what then reject lines ("used twice: " ^ what);
      Hashtbl.add used what ();
      let rest = String.sub what 1 (String.length what - 1) in
      let what =
        match what.[0] with
        | 'z' when rest = "" -> Assumed
        | 'i' -> InputAtom (index lines rest)
        | 'l' -> LowerEnd (index lines rest)
        | 'u' -> UpperEnd (index lines rest)
        | 'n' -> SignOf (place lines widths rest)
        | 'a' -> OutputAtom (index lines rest, false)
        | 's' -> OutputAtom (index lines rest, true)
        | _ -> reject lines ("not a constraint: " ^ text)
      in
      (what, integer lines factor)
  | _ -> reject lines ("not a term: " ^ text)

let rec take lines n = function
  | rest when n = 0 -> ([], rest)
  | x :: rest -> let found, rest = take lines (n - 1) rest in (x :: found, rest)
  | [] -> reject lines "a field is missing"

let record lines inputs widths atoms word rest =
  let terms ts = let used = Hashtbl.create 10 in List.map (term lines widths used) ts in
  match (word, rest) with
  | "bases", bs -> Bases (List.map (basis lines inputs) bs)
  | "bounds", ts -> Bounds (List.map (told lines widths) ts)
  | ("lower" | "upper"), k :: v :: ms ->
      OneBound { told_at = place lines widths k; is_upper = word = "upper"; told_value = dyadic lines v;
                 told_by = List.map (multiplier lines) ms }
  | "refute", c :: a :: ms -> Refute (index lines c, index lines a, List.map (multiplier lines) ms)
  | "joint", c :: rest ->
      let c = index lines c in
      let factors, ms = take lines (atoms lines c) rest in
      Joint (c, List.map (dyadic lines) factors, List.map (multiplier lines) ms)
  | "empty", ms -> Empty (List.map (multiplier lines) ms)
  | "clip", [] -> Clip
  | "split", [ k ] -> Split (place lines widths k)
  | "halve", [ j; v ] -> Halve (index lines j, dyadic lines v)
  | "side", k :: (("+" | "-") as sign) :: ts -> Side (place lines widths k, sign = "+", terms ts)
  | "exact", c :: ts -> Exact (index lines c, terms ts)
  | "nowhere", ts -> Nowhere (terms ts)
  | _ -> reject lines ("not understood: " ^ word)

(* Units, if they are given: of inputs, of ReLU neurons layer by layer, of the distinct atoms in their order. Any units are right. *)
let units lines inputs network formula =
  match String.split_on_char ' ' lines.text.(lines.next) with
  | exception Invalid_argument _ -> None
  | "units" :: _ ->
      let of_kind kind count =
        match fields lines with
        | "units" :: word :: es when word = kind && List.length es = count ->
            let power text =
              let e = integer lines text in
              if Z.compare (Z.abs e) (Z.of_int 10_000) > 0 then reject lines ("out of range: " ^ text);
              let p = Z.shift_left Z.one (Z.to_int (Z.abs e)) in
              if Z.sign e >= 0 then { qnum = p; qden = Z.one } else { qnum = Z.one; qden = p }
            in
            List.map power es
        | _ -> reject lines ("the units of " ^ kind ^ " were expected")
      in
      let widths = List.map (fun l -> if l.relu then List.length l.rows else 0) network in
      let rec atoms found = function
        | Is a -> if List.mem a found then found else a :: found
        | And parts | Or parts -> List.fold_left atoms found parts
      in
      let atoms = List.rev (atoms [] formula) in
      let of_inputs = of_kind "inputs" inputs in
      let neurons = of_kind "neurons" (List.fold_left ( + ) 0 widths) in
      let of_atom = List.combine atoms (of_kind "atoms" (List.length atoms)) in
      let split (found, rest) width = let here, rest = take lines width rest in (here :: found, rest) in
      let of_layers = List.rev (fst (List.fold_left split ([], neurons) widths)) in
      Some { of_inputs; of_layers; of_atoms = (fun a -> List.assoc a of_atom) }
  | _ -> None

(* The records of cases, up to `end`. *)
let items lines inputs widths atoms =
  let next_word () =
    match String.split_on_char ' ' lines.text.(lines.next) with
    | exception Invalid_argument _ -> reject lines "the certificate ends too early"
    | word :: _ -> word
    | [] -> ""
  in
  let rec tree inputs widths found =
    match next_word () with
    | "case" | "off" | "end" | "face" -> List.rev found
    | _ -> (
        match fields lines with
        | word :: rest -> tree inputs widths (record lines inputs widths atoms word rest :: found)
        | [] -> reject lines "an empty line")
  in
  (* A face has one more input and one more neuron a layer. *)
  let rec faces found =
    match next_word () with
    | "face" -> (
        match fields lines with
        | [ _; j; (("lower" | "upper") as side) ] ->
            let j = index lines j in
            faces (((j, side = "upper"), tree (inputs + 1) (List.map succ widths) []) :: found)
        | _ -> reject lines "face is not well formed")
    | _ -> List.rev found
  in
  let trees () =
    match next_word () with
    | "perspective" -> (
        match fields lines with
        | [ _; radius ] ->
            let m, e = dyadic lines radius in
            let power = Z.shift_left Z.one (abs (Z.to_int e)) in
            let radius = if Z.sign e >= 0 then Files.rational (Z.mul m power) Z.one else Files.rational m power in
            let inside = tree inputs widths [] in
            Wide (radius, inside, faces [])
        | _ -> reject lines "perspective is not well formed")
    | _ -> Bounded (tree inputs widths [])
  in
  let rec reaches found =
    match next_word () with
    | "reach" -> (
        match fields lines with
        | _ :: j :: (("lower" | "upper") as side) :: v :: ys ->
            let reach = { reach_input = index lines j; reach_above = side = "upper"; reach_value = rational lines v;
                          reach_factors = List.map (rational lines) ys } in
            reaches (reach :: found)
        | _ -> reject lines "reach is not well formed")
    | _ -> List.rev found
  in
  let rec all found =
    match fields lines with
    | [ "end" ] -> List.rev found
    | [ "off"; k ] -> all (Off (index lines k) :: found)
    | "case" :: (_ :: _ as ks) -> (
        let ks = List.map (index lines) ks in
        match next_word () with
        | "void" -> let ys = List.tl (fields lines) in all (Void (ks, List.map (rational lines) ys) :: found)
        | _ -> let rs = reaches [] in all (Case (ks, rs, trees ()) :: found))
    | word :: _ -> reject lines ("not understood: " ^ word)
    | [] -> reject lines "an empty line"
  in
  all []

(* The units and the records of all cases of a formula. *)
let cases lines network inputs formula =
  let widths = List.filter_map (fun (l : Proved.layer) -> if l.relu then Some (List.length l.rows) else None) network in
  let clauses = lazy (Array.of_list (Proved.clauses_of formula)) in
  let atoms lines c =
    let clauses = Lazy.force clauses in
    if c >= Array.length clauses then reject lines "there is no such clause";
    List.length (Proved.output_atoms clauses.(c))
  in
  let units = units lines inputs network formula in
  let items = items lines inputs widths atoms in
  (units, items)
