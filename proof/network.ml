(* foldline's JSON networks: must be believed. *)

open Files

type json = Text of string | List of json list | Object of (string * json) list

let parse text =
  let at = ref 0 in
  let peek () = if !at < String.length text then text.[!at] else '\000' in
  let rec skip () = match peek () with ' ' | '\n' | '\r' | '\t' -> incr at; skip () | _ -> () in
  let expect c = skip (); if peek () <> c then fail (Printf.sprintf "the network's JSON: `%c` was expected" c); incr at in
  let string () =
    expect '"';
    let start = !at in
    while peek () <> '"' do
      if peek () = '\\' || peek () = '\000' then fail "the network's JSON: a text is not understood";
      incr at
    done;
    incr at;
    String.sub text start (!at - 1 - start)
  in
  let separated close item =
    skip ();
    if peek () = close then (incr at; [])
    else
      let rec more found =
        let found = item () :: found in
        skip ();
        if peek () = ',' then (incr at; more found) else (expect close; List.rev found)
      in
      more []
  in
  let rec value () =
    skip ();
    match peek () with
    | '{' -> incr at; Object (separated '}' (fun () -> skip (); let key = string () in expect ':'; let v = value () in (key, v)))
    | '[' -> incr at; List (separated ']' value)
    | '"' -> Text (string ())
    | 'n' when !at + 4 <= String.length text && String.sub text !at 4 = "null" -> at := !at + 4; Text "null"
    | _ ->
        let start = !at in
        let rec go () = match peek () with '0' .. '9' | '+' | '-' | '.' | 'e' | 'E' -> incr at; go () | _ -> () in
        go ();
        if !at = start then fail "the network's JSON is not understood";
        Text (String.sub text start (!at - start))
  in
  let result = value () in
  skip ();
  if !at <> String.length text then fail "the network's JSON: something stands after the end";
  result

let list = function List l -> l | _ -> fail "the network's JSON: a list was expected"
let number = function Text t -> decimal t | _ -> fail "the network's JSON: a number was expected"

(* The layers, the number of inputs and the number of outputs. *)
let read text =
  let layers = match parse text with Object [ ("layers", List l) ] -> l | _ -> fail "a network has layers only" in
  let layer width = function
    | Object fields when List.length fields = 3 ->
        let get key = try List.assoc key fields with Not_found -> fail ("a layer has no " ^ key) in
        let rows = List.map (fun row -> List.map number (list row)) (list (get "weights")) in
        let biases = List.map number (list (get "bias")) in
        if List.length rows <> List.length biases || rows = [] then fail "a layer's bias does not fit its weights";
        if List.exists (fun row -> List.length row <> width) rows then fail "a row of weights has the wrong length";
        let relu = match get "activation" with Text "relu" -> true | Text "linear" -> false | _ -> fail "unknown activation" in
        ({ Proved.rows = List.map2 (fun weights bias -> { Proved.weights; bias }) rows biases; relu }, List.length rows)
    | _ -> fail "a layer has weights, bias and activation only"
  in
  let inputs =
    match layers with
    | Object fields :: _ -> (
        match List.assoc_opt "weights" fields with Some (List (row :: _)) -> List.length (list row) | _ -> fail "no weights")
    | _ -> fail "a network has at least one layer"
  in
  let add (found, width) l = let l, width = layer width l in (l :: found, width) in
  let found, outputs = List.fold_left add ([], inputs) layers in
  (List.rev found, inputs, outputs)
