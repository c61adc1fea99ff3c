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
