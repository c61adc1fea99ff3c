(** The state of a node and what it says about a point (docs/certificate-format.md, "The tree"). *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records.
Import ListNotations.
Open Scope R_scope.

(** Bases give multipliers (2^-F). Whatever they give is tested, so how they do it plays no part in the proof.
    Facts are the atoms on inputs alone, the origin is the point from which the inputs are counted; both are the same on the whole tree. *)
Class setting (raw_basis basis : Type) := Setting {
  F : Z;
  F_nonneg : (0 <= F)%Z;
  prepare : raw_basis -> list bound -> list bound -> option basis;
  refresh : basis -> list bound -> list bound -> basis;
  solve : list basis -> list range -> bound -> list (name * Z);
  facts : list constraint;
  origin : list Q
}.

Section State.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation S := (power F).
Notation value := (value F).

(** An atom that involves outputs: its excess, exact and rounded down. *)
Record goal := Goal { excess : affine; excess_fixed : fixed_affine; is_strict : bool }.

Definition goal_true (st : stack) (y : list R) (g : goal) : Prop :=
  excess_fixed g = fix_affine F (excess g) /\ at_most_zero (is_strict g) (at_affine (excess g) st y).

Definition clause := (nat * list goal)%type.

(** The packed layers are kept once they are known. *)
Record state := State {
  layers : stack;
  memo : option { packed : stack | packed = pack layers };
  box : list range;
  split_rows : list bound;
  clip_rows : list bound;
  bases : list basis;
  left : list clause
}.

Definition row_true (y : list R) (b : bound) : Prop := value b y <= 0.

(** The invariant: what a state says is true at y, and some clause that is left is true there. *)
Definition P (s : state) (y : list R) : Prop :=
  stack_ok F (layers s) y /\ Forall2 (range_ok F) (box s) y /\
  Forall (row_true y) (split_rows s) /\ Forall (row_true y) (clip_rows s) /\
  Exists (fun c => Forall (goal_true (layers s) y) (snd c)) (left s).

Definition packed_of (s : state) : stack :=
  match memo s with Some p => proj1_sig p | None => pack (layers s) end.

Lemma packed_of_eq s : packed_of s = pack (layers s).
Proof. unfold packed_of. destruct (memo s) as [[p E]|]; [exact E | reflexivity]. Qed.

Definition remember (s : state) : state :=
  State (layers s) (Some (exist _ (packed_of s) (packed_of_eq s))) (box s) (split_rows s) (clip_rows s) (bases s) (left s).

Lemma remember_P s y : P s y -> P (remember s) y.
Proof. intros H. exact H. Qed.

(** Layers, packed, and which of their activations the packed ones are about. *)
Record known := Known {
  of : stack;
  packed : stack;
  mask : list bool;
  packed_right : packed = pack of;
  mask_right : mask = mask_in of
}.

Definition know (st : stack) : known := Known st (pack st) (mask_in st) eq_refl eq_refl.
Definition known_of (s : state) : known := Known (layers s) (packed_of s) (mask_in (layers s)) (packed_of_eq s) eq_refl.

(** The next layer. *)
Definition know_next (k : known) (ns : list neuron) : known.
Proof.
  refine (Known (ns :: of k) (pack_layer (mask k) ns :: packed k) (mask_of ns) _ eq_refl).
  abstract (cbn [pack]; rewrite <- packed_right, <- mask_right; reflexivity).
Defined.


End State.
