(* foldcheck-proved CERTIFICATE NETWORK.json [PROPERTY or REGION] [--original NETWORK]: must be believed. *)

open Certificate

let usage () =
  prerr_endline "usage: foldcheck-proved CERTIFICATE NETWORK.json [PROPERTY or REGION] [--original NETWORK]";
  exit 2

(* Products of numbers with so few fraction bits fit into 63 bits, and numbers into machine words: fewer are tried first. *)
let few_bits = [ 28; 30 ]

(* The files are those of the certificate; without --original the network is NETWORK.json itself. *)
let check certificate_path network_path other_path original_path =
  let certificate = Files.read_file certificate_path in
  let network_text = Files.read_file network_path and other_text = Option.map Files.read_file other_path in
  let original_text = match original_path with Some path -> Files.read_file path | None -> network_text in
  let network, inputs, outputs = Network.read network_text in
  let lines = lines_of certificate in
  let expect condition reason = if not condition then reject lines reason in
  expect (fields lines = [ "foldline-certificate"; "1" ]) "not a certificate of version 1";
  let words =
    match fields lines with
    | "statement" :: (("verification" | "maximum" | "range" | "positivity" | "zero") :: _ as words) -> words
    | "statement" :: kind :: _ -> reject lines ("the kind `" ^ kind ^ "` is not covered by the proved checker")
    | _ -> reject lines "unknown statement"
  in
  let about role text =
    match fields lines with
    | [ word; _; hash ] when word = role && hash = Files.sha256 text -> ()
    | _ -> reject lines ("the certificate is about another " ^ role)
  in
  about "network" original_text;
  let role = if List.hd words = "verification" then "property" else "region" in
  if other_text = None && (role = "property" || List.mem (List.hd words) [ "maximum"; "range" ]) then usage ();
  Option.iter (about role) other_text;
  let precision =
    match fields lines with
    | [ "precision"; f ] when index lines f >= 20 && index lines f <= 52 -> index lines f
    | _ -> reject lines "the precision was expected"
  in
  let cases = cases lines network inputs in
  let run =
    if role = "property" then begin
      let formula = Property.read (Option.get other_text) inputs outputs in
      let content =
        match words with
        | [ _; "violated" ] -> let x = Question.point lines "witness" in Question.ended lines; Proved.Witness x
        | [ _; "holds" ] -> let units, items = cases formula in Proved.Cases (units, items)
        | _ -> reject lines "unknown statement"
      in
      fun bits -> Proved.check (Z.of_int bits) Bases.prepare Bases.refresh (Bases.solve bits) inputs network formula content
    end else begin
      let region = match other_text with Some text -> Question.region text inputs | None -> [ [] ] in
      let question = Question.statement lines words ~outputs cases region in
      fun bits -> Proved.check_question (Z.of_int bits) Bases.prepare Bases.refresh (Bases.solve bits) inputs network region question
    end
  in
  expect (lines.next = Array.length lines.text) "something stands after the end";
  (* The theorem is about any number of bits. *)
  if List.exists run (few_bits @ [ precision ]) then begin
    Printf.printf "accepted: %s\n" (String.concat " " words);
    if original_path <> None then
      Printf.printf "about the network %s (sha256 %s); that it is the lowered original is to be believed\n" network_path (Files.sha256 network_text)
  end else begin
    print_endline "rejected: the checking function says no";
    exit 1
  end

let () =
  Gc.set { (Gc.get ()) with minor_heap_size = 4_000_000; space_overhead = 200 };
  try
    match List.tl (Array.to_list Sys.argv) with
    | [ c; n ] -> check c n None None
    | [ c; n; p ] -> check c n (Some p) None
    | [ c; n; "--original"; o ] -> check c n None (Some o)
    | [ c; n; p; "--original"; o ] -> check c n (Some p) (Some o)
    | _ -> usage ()
  with
  | Rejected (line, reason) -> Printf.printf "rejected: line %d: %s\n" line reason; exit 1
  | Files.Not_understood reason -> Printf.eprintf "cannot read the files: %s\n" reason; exit 4
