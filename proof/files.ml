(* Files, their hashes, and numbers: must be believed. *)

exception Not_understood of string

let fail reason = raise (Not_understood reason)

let read_channel channel =
  let buffer = Buffer.create 65536 and block = Bytes.create 65536 in
  let rec go () =
    let n = input channel block 0 65536 in
    if n > 0 then (Buffer.add_subbytes buffer block 0 n; go ())
  in
  go ();
  Buffer.contents buffer

(* The bytes of a file, decompressed by gzip if they are gzipped; hashes are of what comes out. *)
let read_file path =
  let channel = try open_in_bin path with Sys_error reason -> fail reason in
  let bytes = read_channel channel in
  close_in channel;
  if String.length bytes >= 2 && bytes.[0] = '\x1f' && bytes.[1] = '\x8b' then begin
    let channel = Unix.open_process_in ("gzip -dc " ^ Filename.quote path) in
    let bytes = read_channel channel in
    if Unix.close_process_in channel <> Unix.WEXITED 0 then fail ("gzip fails on " ^ path);
    bytes
  end else bytes

(* The first bits of the fractional parts of roots of primes. *)
let primes =
  let is_prime n =
    let rec no_divisor d = d * d > n || (n mod d <> 0 && no_divisor (d + 1)) in
    no_divisor 2
  in
  Array.of_list (List.filteri (fun i _ -> i < 64) (List.filter is_prime (List.init 400 (fun i -> i + 2))))

let root_bits power prime =
  Z.to_int (Z.logand (Z.root (Z.shift_left (Z.of_int prime) (32 * power)) power) (Z.of_int 0xffffffff))

let sha256 text =
  let mask = 0xffffffff in
  let rotate x n = ((x lsr n) lor (x lsl (32 - n))) land mask in
  let constants = Array.map (root_bits 3) primes in
  let state = Array.init 8 (fun i -> root_bits 2 primes.(i)) in
  let length = String.length text in
  let padded = Bytes.make (((length + 8) / 64 + 1) * 64) '\000' in
  Bytes.blit_string text 0 padded 0 length;
  Bytes.set padded length '\x80';
  Bytes.set_int64_be padded (Bytes.length padded - 8) (Int64.of_int (8 * length));
  let words = Array.make 64 0 in
  for block = 0 to Bytes.length padded / 64 - 1 do
    for i = 0 to 15 do
      words.(i) <- Int32.to_int (Bytes.get_int32_be padded ((64 * block) + (4 * i))) land mask
    done;
    for i = 16 to 63 do
      let a = words.(i - 15) and b = words.(i - 2) in
      let s0 = rotate a 7 lxor rotate a 18 lxor (a lsr 3) and s1 = rotate b 17 lxor rotate b 19 lxor (b lsr 10) in
      words.(i) <- (words.(i - 16) + s0 + words.(i - 7) + s1) land mask
    done;
    let v = Array.copy state in
    for i = 0 to 63 do
      let a = v.(0) and e = v.(4) in
      let s1 = rotate e 6 lxor rotate e 11 lxor rotate e 25 and choice = (e land v.(5)) lxor (lnot e land mask land v.(6)) in
      let t1 = v.(7) + s1 + choice + constants.(i) + words.(i) in
      let s0 = rotate a 2 lxor rotate a 13 lxor rotate a 22 in
      let t2 = s0 + ((a land v.(1)) lxor (a land v.(2)) lxor (v.(1) land v.(2))) in
      Array.blit v 0 v 1 7;
      v.(4) <- (v.(4) + t1) land mask;
      v.(0) <- (t1 + t2) land mask
    done;
    Array.iteri (fun i x -> state.(i) <- (state.(i) + x) land mask) v
  done;
  String.concat "" (Array.to_list (Array.map (Printf.sprintf "%08x") state))

(* Rationals are fractions in lowest terms. *)
let rational numerator denominator =
  let q = Q.make numerator denominator in
  if not (Q.is_real q) then fail "a fraction with denominator 0";
  { Proved.qnum = Q.num q; qden = Q.den q }

let zero = rational Z.zero Z.one

let is_digits text = text <> "" && String.for_all (fun c -> c >= '0' && c <= '9') text

(* Whether a minus stands before it, and the text without its sign. *)
let unsigned text =
  if text <> "" && (text.[0] = '-' || text.[0] = '+') then (text.[0] = '-', String.sub text 1 (String.length text - 1)) else (false, text)

(* A decimal number, possibly with an exponent, or p/q: as in networks and properties. *)
let decimal text =
  let bad () = fail ("not a number: " ^ text) in
  let negative, body = unsigned text in
  let signed z = if negative then Z.neg z else z in
  match String.split_on_char '/' body with
  | [ "0" ] -> zero
  | [ p; q ] when is_digits p && is_digits q -> rational (signed (Z.of_string p)) (Z.of_string q)
  | [ body ] ->
      let mantissa, exponent =
        match String.split_on_char 'e' (String.lowercase_ascii body) with
        | [ m ] -> (m, 0)
        | [ m; e ] ->
            let is_negative, digits = unsigned e in
            if not (is_digits digits) || String.length digits > 4 then bad ();
            (m, if is_negative then -int_of_string digits else int_of_string digits)
        | _ -> bad ()
      in
      let whole, fraction = match String.split_on_char '.' mantissa with [ w ] -> (w, "") | [ w; f ] -> (w, f) | _ -> bad () in
      if not (is_digits (whole ^ fraction)) then bad ();
      let value = signed (Z.of_string (whole ^ fraction)) and shift = exponent - String.length fraction in
      let power = Z.pow (Z.of_int 10) (abs shift) in
      if shift >= 0 then rational (Z.mul value power) Z.one else rational value power
  | _ -> bad ()
