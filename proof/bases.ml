(* Multipliers from bases (docs/certificate-format.md, "Bases"). Nothing here must be believed: what comes out is tested. *)

type basis = { rows : Proved.name list; inputs : int list; inverse : float array array option }

let find rows clips (is_clip, place) = List.nth_opt (if is_clip then clips else rows) place

(* Gauss–Jordan elimination with the largest pivots. *)
let inverse matrix =
  let n = Array.length matrix in
  let system = Array.mapi (fun i row -> Array.append row (Array.init n (fun j -> if i = j then 1. else 0.))) matrix in
  try
    for column = 0 to n - 1 do
      let pivot = ref column in
      for row = column to n - 1 do
        if abs_float system.(row).(column) > abs_float system.(!pivot).(column) then pivot := row
      done;
      let chosen = system.(!pivot) in
      system.(!pivot) <- system.(column);
      if chosen.(column) = 0. then raise Exit;
      let value = chosen.(column) in
      let chosen = Array.map (fun x -> x /. value) chosen in
      system.(column) <- chosen;
      Array.iteri
        (fun i row ->
          let factor = row.(column) in
          if i <> column && factor <> 0. then system.(i) <- Array.map2 (fun x y -> x -. (factor *. y)) row chosen)
        system
    done;
    Some (Array.map (fun row -> Array.sub row n n) system)
  with Exit -> None

let coefficient row j = match List.nth_opt row j with Some z -> Z.to_float z | None -> 0.

let refresh basis rows clips =
  let found = List.map (find rows clips) basis.rows in
  if List.mem None found then { basis with inverse = None }
  else
    let found = List.map (function Some (row, _) -> row | None -> []) found in
    let equation j = Array.of_list (List.map (fun row -> coefficient row j) found) in
    { basis with inverse = inverse (Array.of_list (List.map equation basis.inputs)) }

(* None if a row is not there that is no clip row. *)
let prepare (names, inputs) rows clips =
  let is_there (is_clip, place) = is_clip || place < List.length rows in
  if List.for_all is_there names then Some (refresh { rows = names; inputs; inverse = None } rows clips) else None

let solve precision basis (coefficients, _) =
  match basis.inverse with
  | None -> []
  | Some inverse ->
      let wanted = Array.of_list (List.map (coefficient coefficients) basis.inputs) in
      let multiplier i name =
        let sum = ref 0. in
        Array.iteri (fun j value -> sum := !sum -. (inverse.(i).(j) *. value)) wanted;
        let scaled = ldexp !sum precision in
        if scaled >= 1. && scaled < 1e300 then Some (name, Z.of_float scaled) else None
      in
      List.filter_map Fun.id (List.mapi multiplier basis.rows)
