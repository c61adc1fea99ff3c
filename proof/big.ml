(* Zarith's integers, by a name that the extracted file does not use itself. *)
include Z
