(** The records of a tree's nodes (docs/certificate-format.md, "Records of a node"), as data. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms.
Import ListNotations.
Open Scope R_scope.

(** m·2^e. *)
Definition dyadic := (Z * Z)%type.
Definition dyadic_floor (bits : Z) (d : dyadic) : Z := Z.shiftl (fst d) (snd d + bits).
Definition dyadic_rational (d : dyadic) : Q :=
  if (0 <=? snd d)%Z then inject_Z (Z.shiftl (fst d) (snd d))
  else reduced (fst d # Z.to_pos (Z.shiftl 1 (- snd d))).

(** A row's name: whether it is a clip row, and its number. A multiplier: a row and a factor. *)
Definition name := (bool * nat)%type.
Definition multiplier := (name * dyadic)%type.

(** A neuron's place: the number of layers before it, its number in the layer, and its number through all layers. *)
Record place := Place { depth : nat; index : nat; number : nat }.

(** A bound that the certificate tells. *)
Record told := Told { told_at : place; is_upper : bool; told_value : dyadic; told_by : list multiplier }.

(** What a term names. *)
Inductive what :=
  | InputAtom (n : nat)
  | LowerEnd (j : nat)
  | UpperEnd (j : nat)
  | SignOf (k : place)
  | OutputAtom (n : nat) (is_sum : bool)
  | Assumed.

Definition term := (what * Z)%type.

(** The records of a tree, with bases as they are read. *)
Inductive record {raw_basis : Type} :=
  | Bases (new : list raw_basis)
  | Bounds (fields : list told)
  | OneBound (field : told)
  | Refute (clause atom : nat) (by_ : list multiplier)
  | Joint (clause : nat) (factors : list dyadic) (by_ : list multiplier)
  | Empty (by_ : list multiplier)
  | Clip
  | Split (k : place)
  | Halve (j : nat) (v : dyadic)
  | Side (k : place) (plus : bool) (terms : list term)
  | Exact (clause : nat) (terms : list term)
  | Nowhere (terms : list term).

(** Either the node is closed, or what is next. *)
Inductive outcome (A : Type) := Closed | Next (a : A).
Arguments Closed {A}.
Arguments Next {A} a.
