(** What is claimed: networks, formulas, and when a property holds or is violated, over the real numbers.

    A reader who believes this file knows what the theorem in Main.v says. *)

From Coq Require Import QArith Qreals Reals List.
Import ListNotations.
Open Scope R_scope.

(** An affine function of earlier values: its weights, and what is added. *)
Record row := Row { weights : list Q; bias : Q }.

(** A layer of affine functions, each followed by ReLU or not. *)
Record layer := Layer { rows : list row; relu : bool }.

Definition network := list layer.

(** The sum of weights times values; what has no partner counts as 0. *)
Fixpoint dot (w : list Q) (v : list R) : R :=
  match w, v with
  | q :: w, x :: v => Q2R q * x + dot w v
  | _, _ => 0
  end.

Definition at_row (r : row) (v : list R) : R := dot (weights r) v + Q2R (bias r).

Definition at_layer (l : layer) (v : list R) : list R :=
  map (fun r => if relu l then Rmax 0 (at_row r v) else at_row r v) (rows l).

(** f(x): the layers one after the other. *)
Definition outputs (n : network) (x : list R) : list R := fold_left (fun v l => at_layer l v) n x.

(** a·x + c·y ≤ b, or < b if strict. *)
Record atom := Atom { on_inputs : list Q; on_outputs : list Q; limit : Q; strict : bool }.

Inductive formula :=
  | Is (a : atom)
  | And (parts : list formula)
  | Or (parts : list formula).

(** e ≤ 0, or e < 0. *)
Definition at_most_zero (strictly : bool) (e : R) : Prop := if strictly then e < 0 else e <= 0.

Definition atom_true (a : atom) (x y : list R) : Prop :=
  at_most_zero (strict a) (dot (on_inputs a) x + dot (on_outputs a) y - Q2R (limit a)).

Fixpoint true_at (f : formula) (x y : list R) : Prop :=
  match f with
  | Is a => atom_true a x y
  | And parts => (fix all l := match l with [] => True | g :: l => true_at g x y /\ all l end) parts
  | Or parts => (fix some l := match l with [] => False | g :: l => true_at g x y \/ some l end) parts
  end.

(** The two claims of the kind [verification], about the points with so many coordinates. *)
Definition holds (inputs : nat) (n : network) (f : formula) : Prop :=
  forall x, length x = inputs -> ~ true_at f x (outputs n x).

Definition violated (inputs : nat) (n : network) (f : formula) : Prop :=
  exists x, length x = inputs /\ true_at f x (outputs n x).

(** ** Questions about a network on a region *)

(** a·x ≤ b, or < b if open; a polyhedron; a union of polyhedra. *)
Record half_space := HalfSpace { normal : list Q; level : Q; is_open : bool }.

Definition in_half_space (x : list R) (h : half_space) : Prop := at_most_zero (is_open h) (dot (normal h) x - Q2R (level h)).
Definition in_piece (x : list R) (p : list half_space) : Prop := Forall (in_half_space x) p.
Definition region := list (list half_space).
Definition in_region (inputs : nat) (r : region) (x : list R) : Prop := length x = inputs /\ Exists (in_piece x) r.

Definition output (n : network) (i : nat) (x : list R) : R := nth i (outputs n x) 0.

(** Output i is positive somewhere on the region. *)
Definition positive_somewhere (inputs : nat) (n : network) (r : region) (i : nat) : Prop :=
  exists x, in_region inputs r x /\ 0 < output n i x.

(** Some outputs are zero on the whole region. *)
Definition zero_on (inputs : nat) (n : network) (r : region) (some : list nat) : Prop :=
  forall x i, in_region inputs r x -> In i some -> output n i x = 0.

Definition empty_region (inputs : nat) (r : region) : Prop := forall x, ~ in_region inputs r x.

(** The values of output i on the region, or their opposites. *)
Definition values (inputs : nat) (n : network) (r : region) (i : nat) (opposite : bool) (v : R) : Prop :=
  exists x, in_region inputs r x /\ v = if opposite then - output n i x else output n i x.

(** The least upper bound of output i is v, or there is none; of the opposites: the greatest lower bound. *)
Definition maximum_is (inputs : nat) (n : network) (r : region) (i : nat) (v : Q) : Prop := is_lub (values inputs n r i false) (Q2R v).
Definition minimum_is (inputs : nat) (n : network) (r : region) (i : nat) (v : Q) : Prop := is_lub (values inputs n r i true) (- Q2R v).
Definition unbounded_above (inputs : nat) (n : network) (r : region) (i : nat) : Prop := ~ bound (values inputs n r i false).
Definition unbounded_below (inputs : nat) (n : network) (r : region) (i : nat) : Prop := ~ bound (values inputs n r i true).
