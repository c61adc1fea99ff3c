(* Regions in JSON, and statements about a network on a region: what is claimed must be believed, the proof need not be. *)

open Certificate

(* One polyhedron: the ends of the box that are there, coordinate by coordinate, then the rows of A; false rows make it empty. *)
let region text inputs =
  if String.length text = 0 || text.[0] <> '{' then Files.fail "the region is not JSON; others are not covered by the proved checker";
  let entries = match Network.parse text with Network.Object entries -> entries | _ -> Files.fail "the region is not an object" in
  if List.exists (fun (key, _) -> not (List.mem key [ "box"; "A"; "b" ])) entries then Files.fail "the region has an unknown key";
  let get key = List.filter_map (fun (k, v) -> if k = key then Some v else None) entries in
  let half_space normal level = { Proved.normal; level; is_open = false } in
  let minus (q : Proved.q) = { q with Proved.qnum = Z.neg q.qnum } in
  let unit j sign = List.init inputs (fun i -> Files.rational (Z.of_int (if i = j then sign else 0)) Z.one) in
  let of_interval j = function
    | Network.List [ low; high ] ->
        let bound sign value = match value with
          | Network.Text "null" -> []
          | v -> let v = Network.number v in [ half_space (unit j sign) (if sign < 0 then minus v else v) ]
        in
        bound (-1) low @ bound 1 high
    | _ -> Files.fail "an interval of the region has two ends"
  in
  let box = match get "box" with
    | [] -> []
    | [ Network.List sides ] when List.length sides = inputs -> List.concat (List.mapi of_interval sides)
    | _ -> Files.fail "the region's box does not fit the network"
  in
  let of_row row level =
    let row = List.map Network.number (Network.list row) and level = Network.number level in
    if List.length row <> inputs then Files.fail "a row of the region does not fit the network";
    half_space row level
  in
  let rows = match (get "A", get "b") with
    | [], [] -> []
    | [ Network.List a ], [ Network.List b ] when List.length a = List.length b -> List.map2 of_row a b
    | _ -> Files.fail "the region's A and b do not fit"
  in
  let is_zero h = List.for_all (fun (q : Proved.q) -> Z.sign q.qnum = 0) h.Proved.normal in
  if List.exists (fun h -> is_zero h && Z.sign h.Proved.level.qnum < 0) rows then []
  else [ box @ List.filter (fun h -> not (is_zero h)) rows ]

let point lines word =
  match fields lines with
  | w :: xs when w = word -> List.map (rational lines) xs
  | _ -> reject lines (word ^ " was expected")

let ended lines = if fields lines <> [ "end" ] then reject lines "the end was expected"

(* The statement after its first word, and what reads its proof with the number of inputs, the network and the region. *)
let statement lines words =
  let value text = rational lines text and output text = index lines text in
  let extreme cases region i opposite = function
    | "unbounded" -> fun () ->
        let p = point lines "point" in
        let d = point lines "direction" in
        ended lines;
        ((i, opposite), Proved.Endless (p, d))
    | v -> fun () ->
        let v = value v in
        let inside = point lines "inside" in
        let p = point lines "point" in
        let proof = cases (Proved.region_and region (if opposite then Proved.under i v else Proved.above i v)) in
        ((i, opposite), Proved.Value (v, inside, p, proof))
  in
  let witness () = let x = point lines "witness" in ended lines; x in
  let positive i = Proved.above i { Proved.qnum = Z.zero; qden = Z.one } in
  fun ~outputs cases region ->
    let known i = if i >= outputs then reject lines "there is no such output" else i in
    match words with
    | [ "maximum"; _; "empty" ] | [ "range"; "empty" ] -> Proved.EmptyRegion (cases (Proved.region_formula region))
    | [ "maximum"; i; "value"; v ] when v <> "unbounded" -> Proved.Extremes [ extreme cases region (known (output i)) false v () ]
    | [ "maximum"; i; "unbounded" ] -> Proved.Extremes [ extreme cases region (known (output i)) false "unbounded" () ]
    | "range" :: ends when List.length ends = 2 * outputs ->
        let read k text = extreme cases region (k / 2) (k mod 2 = 0) text () in
        let rec all k = function [] -> [] | e :: es -> let b = read k e in b :: all (k + 1) es in
        Proved.Extremes (all 0 ends)
    | [ "positivity"; i; "yes" ] -> Proved.PositiveYes (known (output i), witness ())
    | [ "positivity"; i; "no" ] -> let i = known (output i) in Proved.PositiveNo (i, cases (Proved.region_and region (positive i)))
    | [ "zero"; w; (("yes" | "no") as answer) ] ->
        let some = if w = "all" then List.init outputs Fun.id else [ known (output w) ] in
        if answer = "no" then Proved.ZeroNo (some, witness ())
        else Proved.ZeroYes (some, cases (Proved.region_and region (Proved.not_zero some)))
    | _ -> reject lines "the statement is not understood"
