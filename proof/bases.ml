(* Multipliers from bases (docs/certificate-format.md, "Bases"). Nothing here must be believed: what comes out is tested. *)

(* A row's coefficients and its constant, counting 2^-bits and 2^-(2 bits). *)
type row = { coefficients : float array; constant : float }
type solved = { rows : row array; inverse : float array array }
type basis = { names : Proved.name list; inputs : int array; solved : solved option Lazy.t }

let to_row (coefficients, constant) = { coefficients = Array.of_list (List.map Z.to_float coefficients); constant = Z.to_float constant }
let coefficient row j = if j < Array.length row then row.(j) else 0.

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

let solved names inputs rows clips =
  let found = List.map (fun (is_clip, place) -> List.nth_opt (if is_clip then clips else rows) place) names in
  if List.mem None found then None
  else
    let rows = Array.of_list (List.filter_map (Option.map to_row) found) in
    let equation j = Array.map (fun row -> coefficient row.coefficients j) rows in
    Option.map (fun inverse -> { rows; inverse }) (inverse (Array.map equation inputs))

let refresh basis rows clips =
  if List.exists fst basis.names then { basis with solved = lazy (solved basis.names basis.inputs rows clips) } else basis

(* None if a row is not there that is no clip row. *)
let prepare (names, inputs) rows clips =
  let inputs = Array.of_list inputs in
  let is_there (is_clip, place) = is_clip || place < List.length rows in
  if List.for_all is_there names then Some { names; inputs; solved = lazy (solved names inputs rows clips) } else None

(* The multipliers of the basis with the largest minimum; none where no multipliers are as good. *)
let solve bits bases box bound =
  let scale = ldexp 1. (-bits) in
  let wanted = to_row bound in
  let inputs = List.length box in
  let ends f = Array.of_list (List.map (fun range -> Z.to_float (f range)) box) in
  let lower = ends (fun (r : Proved.range) -> r.lower_fixed) and upper = ends (fun (r : Proved.range) -> r.upper_fixed) in
  let h = Array.make inputs 0. in
  let fill () = for j = 0 to inputs - 1 do h.(j) <- coefficient wanted.coefficients j done in
  let minimum constant =
    let sum = ref constant in
    for j = 0 to inputs - 1 do
      sum := !sum +. (h.(j) *. if h.(j) >= 0. then lower.(j) else upper.(j))
    done;
    !sum
  in
  fill ();
  let best = ref (minimum wanted.constant) and chosen = ref None in
  let try_basis basis =
    match Lazy.force basis.solved with
    | None -> ()
    | Some { rows; inverse } ->
        let k = Array.length rows in
        let multipliers = Array.make k 0. in
        let constant = ref wanted.constant in
        fill ();
        for i = 0 to k - 1 do
          let sum = ref 0. and line = inverse.(i) in
          for j = 0 to k - 1 do
            sum := !sum -. (line.(j) *. coefficient wanted.coefficients basis.inputs.(j))
          done;
          if !sum > 0. then begin
            multipliers.(i) <- !sum;
            let row = rows.(i) in
            constant := !constant +. (!sum *. row.constant);
            for j = 0 to min inputs (Array.length row.coefficients) - 1 do
              h.(j) <- h.(j) +. (!sum *. row.coefficients.(j))
            done
          end
        done;
        let value = minimum !constant in
        if value > !best then begin best := value; chosen := Some (basis.names, multipliers) end
  in
  List.iter try_basis bases;
  match !chosen with
  | None -> []
  | Some (names, multipliers) ->
      let fixed name m = let scaled = m /. scale in if scaled >= 1. && scaled < 1e300 then Some (name, Z.of_float scaled) else None in
      List.filter_map Fun.id (List.map2 fixed names (Array.to_list multipliers))
