(** Witnesses (docs/certificate-format.md, "Violated"): the formula at a point, in rationals. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Clauses.
Import ListNotations.
Open Scope R_scope.

Definition qat_row (r : row) (v : list Q) : Q := qadd (qdot (weights r) v) (bias r).
Definition qat_layer (l : layer) (v : list Q) : list Q :=
  map (fun r => let z := qat_row r v in if relu l then (if negative z then 0%Q else z) else z) (rows l).
Definition qoutputs (n : network) (x : list Q) : list Q := fold_left (fun v l => qat_layer l v) n x.

Lemma qat_row_eq r v : Q2R (qat_row r v) = at_row r (map Q2R v).
Proof. unfold qat_row, at_row. rewrite qadd_eq, qdot_eq. reflexivity. Qed.

Lemma qat_layer_eq l v : map Q2R (qat_layer l v) = at_layer l (map Q2R v).
Proof.
  unfold qat_layer, at_layer. rewrite map_map. apply map_ext. intros r. cbv zeta. rewrite <- qat_row_eq.
  destruct (relu l); [|reflexivity]. destruct (negative (qat_row r v)) eqn:N.
  - apply negative_eq in N. rewrite Rmax_left by lra. apply RMicromega.Q2R_0.
  - apply not_negative_eq in N. rewrite Rmax_right by lra. reflexivity.
Qed.

Lemma qoutputs_eq n : forall x, map Q2R (qoutputs n x) = outputs n (map Q2R x).
Proof.
  unfold qoutputs, outputs. induction n as [|l n IH]; intros x; cbn [fold_left]; [reflexivity|].
  rewrite IH, qat_layer_eq. reflexivity.
Qed.

Definition qatom_true (a : atom) (x y : list Q) : bool :=
  let e := qadd (qadd (qdot (on_inputs a) x) (qdot (on_outputs a) y)) (- limit a) in
  if strict a then negative e else negb (positive e).

Fixpoint qtrue_at (f : formula) (x y : list Q) : bool :=
  match f with
  | Is a => qatom_true a x y
  | And parts => (fix all l := match l with [] => true | g :: l => qtrue_at g x y && all l end) parts
  | Or parts => (fix some l := match l with [] => false | g :: l => qtrue_at g x y || some l end) parts
  end.

Lemma qtrue_at_ok x y : forall f, qtrue_at f x y = true -> true_at f (map Q2R x) (map Q2R y).
Proof.
  apply (formula_rect' (fun f => qtrue_at f x y = true -> true_at f (map Q2R x) (map Q2R y))).
  - intros a H. cbn [qtrue_at true_at] in *. unfold qatom_true in H. cbv zeta in H. unfold atom_true.
    set (e := qadd _ _) in H. assert (E : Q2R e = dot (on_inputs a) (map Q2R x) + dot (on_outputs a) (map Q2R y) - Q2R (limit a)).
    { unfold e. rewrite !qadd_eq, !qdot_eq, Q2R_opp. lra. }
    rewrite <- E. destruct (strict a); cbn [at_most_zero].
    + apply negative_eq, H.
    + apply not_positive_eq. apply negb_true_iff, H.
  - intros l IH. cbn [qtrue_at true_at]. induction IH as [|g l Hg _ IHl]; intros H; [exact I|].
    apply andb_true_iff in H. destruct H as [H1 H2]. split; [apply Hg, H1 | apply IHl, H2].
  - intros l IH. cbn [qtrue_at true_at]. induction IH as [|g l Hg _ IHl]; intros H; [discriminate|].
    apply orb_true_iff in H. destruct H as [H|H]; [left; apply Hg, H | right; apply IHl, H].
Qed.

Definition check_witness (inputs : nat) (n : network) (f : formula) (x : list Q) : bool :=
  (length x =? inputs)%nat && qtrue_at f x (qoutputs n x).

Lemma check_witness_ok inputs n f x : check_witness inputs n f x = true -> violated inputs n f.
Proof.
  intros H. apply andb_true_iff in H. destruct H as [L T]. apply Nat.eqb_eq in L. exists (map Q2R x).
  rewrite map_length. split; [exact L|]. rewrite <- qoutputs_eq. apply qtrue_at_ok, T.
Qed.
