(** Exact contradictions (docs/certificate-format.md, "Terms"): affine functions by signs, in rationals. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution.
Import ListNotations.
Open Scope R_scope.

(** acc + q·r. *)
Definition add_multiple (q : Q) (r acc : row) : row :=
  Row (qaxpy q (weights r) (weights acc)) (qadd (bias acc) (qmul q (bias r))).

Lemma add_multiple_eq q r acc v : at_row (add_multiple q r acc) v = Q2R q * at_row r v + at_row acc v.
Proof. unfold at_row, add_multiple. cbn [weights bias]. rewrite dot_qaxpy, qadd_eq, qmul_eq. lra. Qed.

Definition zero_row : row := Row [] 0%Q.

Lemma zero_row_eq v : at_row zero_row v = 0.
Proof. unfold at_row. cbn. rewrite RMicromega.Q2R_0. lra. Qed.

(** Replaces the activations of a layer: active ones by z (as a sum, those with positive coefficients by 0), inactive and
    undecided ones by 0. *)
Fixpoint replace_by_signs (is_sum : bool) (sums : list Q) (ns : list neuron) (acc : row) : option row :=
  match sums, ns with
  | q :: sums, n :: ns =>
      if is_zero q then replace_by_signs is_sum sums ns acc
      else match sign n with
           | Some true =>
               replace_by_signs is_sum sums ns (if is_sum && positive q then acc else add_multiple q (exact n) acc)
           | Some false => replace_by_signs is_sum sums ns acc
           | None => if negative q then None else replace_by_signs is_sum sums ns acc
           end
  | _, _ => Some acc
  end.

Section Bits.
Variable F : Z.

Lemma replace_by_signs_below is_sum v ns : Forall (neuron_ok F v) ns -> forall sums acc r,
  replace_by_signs is_sum sums ns acc = Some r -> at_row r v <= dot sums (relus ns v) + at_row acc v.
Proof.
  unfold relus, pre. induction 1 as [|n ns [_ (A & I & _)] _ IH]; intros [|q sums] acc r E; cbn [replace_by_signs] in E;
    try (injection E as <-; cbn; lra).
  cbn [map dot]. set (z := at_row (exact n) v) in *. pose proof (Rmax_l 0 z) as M.
  destruct (is_zero q) eqn:Z; [apply IH in E; rewrite (is_zero_eq q Z); lra|].
  destruct (sign n) as [[|]|].
  - apply IH in E. specialize (A eq_refl). rewrite Rmax_right by lra.
    destruct (is_sum && positive q) eqn:P.
    + apply andb_true_iff in P. destruct P as [_ P]. apply positive_eq in P.
      assert (0 <= Q2R q * z) by (apply Rmult_le_pos; lra). lra.
    + rewrite add_multiple_eq in E. fold z in E. lra.
  - apply IH in E. specialize (I eq_refl). rewrite Rmax_left by lra. lra.
  - destruct (negative q) eqn:P; [discriminate|]. apply not_negative_eq in P. apply IH in E.
    assert (0 <= Q2R q * Rmax 0 z) by (apply Rmult_le_pos; lra). lra.
Qed.

(** The excess by signs, and a pre-activation by signs: an affine function of the inputs below one of activations. *)
Fixpoint below (is_sum : bool) (st : stack) (r : row) : option row :=
  match st with
  | [] => Some r
  | ns :: rest =>
      match replace_by_signs is_sum (weights r) ns (Row [] (bias r)) with
      | None => None
      | Some r => below false rest r
      end
  end.

Lemma below_below st y : stack_ok F st y -> forall is_sum r r', below is_sum st r = Some r' ->
  at_row r' y <= at_row r (act st y).
Proof.
  induction st as [|ns rest IH]; cbn [below stack_ok act]; intros H is_sum r r' E.
  - injection E as <-. lra.
  - destruct H as (K & _ & H). destruct (replace_by_signs _ _ _ _) as [m|] eqn:RE; [|discriminate].
    apply IH in E; [|assumption]. eapply Rle_trans; [exact E|].
    eapply Rle_trans; [eapply replace_by_signs_below; eassumption|]. unfold at_row. cbn [weights bias dot]. lra.
Qed.

(** A constraint: the function is at most 0, or below 0. *)
Definition constraint := (row * bool)%type.
Definition constraint_true (y : list R) (c : constraint) : Prop := at_most_zero (snd c) (at_row (fst c) y).

(** A function that is not larger makes a constraint that is true, too. *)
Lemma smaller_true strictly a b : a <= b -> at_most_zero strictly b -> at_most_zero strictly a.
Proof. unfold at_most_zero. destruct strictly; lra. Qed.

(** Multiples of constraints by factors that are not negative, added up; strict if a strict one takes part. *)
Fixpoint add_up (terms : list (constraint * Q)) : constraint :=
  match terms with
  | [] => (zero_row, false)
  | ((r, s), m) :: terms => (add_multiple m r (fst (add_up terms)), s && positive m || snd (add_up terms))
  end.

Definition no_negative (terms : list (constraint * Q)) : bool := forallb (fun t => negb (negative (snd t))) terms.

Definition contradiction (terms : list (constraint * Q)) : bool :=
  let total := add_up terms in
  no_negative terms && forallb is_zero (weights (fst total))
  && (positive (bias (fst total)) || is_zero (bias (fst total)) && snd total).

Lemma add_up_true y terms : no_negative terms = true ->
  Forall (fun t => constraint_true y (fst t)) terms -> constraint_true y (add_up terms).
Proof.
  unfold constraint_true, no_negative. induction terms as [|[[r s] m] terms IH]; intros P T; cbn [add_up fst snd].
  - cbn [at_most_zero]. rewrite zero_row_eq. lra.
  - cbn [forallb snd] in P. apply andb_true_iff in P. destruct P as [P1 P2]. apply negb_true_iff in P1.
    apply not_negative_eq in P1. inversion T as [|? ? T1 T2]; subst. specialize (IH P2 T2). cbn [fst snd] in *.
    rewrite add_multiple_eq. set (e := at_row r y) in *. set (rest := at_row (fst (add_up terms)) y) in *.
    assert (E0 : e <= 0) by (destruct s; cbn [at_most_zero] in T1; lra).
    assert (Q2R m * e <= 0) by nra.
    assert (rest <= 0) by (destruct (snd (add_up terms)); cbn [at_most_zero] in IH; lra).
    destruct (snd (add_up terms)); [rewrite orb_true_r; cbn [at_most_zero] in *; lra|]. rewrite orb_false_r.
    destruct s; cbn [andb]; [|cbn [at_most_zero]; lra].
    destruct (positive m) eqn:PM; cbn [at_most_zero] in *; [|lra]. apply positive_eq in PM. nra.
Qed.

Lemma zeros_dot w : forallb is_zero w = true -> forall v, dot w v = 0.
Proof.
  induction w as [|q w IH]; intros H [|x v]; cbn [dot]; try reflexivity. cbn [forallb] in H.
  apply andb_true_iff in H. destruct H as [Hq H]. rewrite (is_zero_eq q Hq), (IH H). lra.
Qed.

Lemma contradiction_false y terms : contradiction terms = true ->
  Forall (fun t => constraint_true y (fst t)) terms -> False.
Proof.
  unfold contradiction. intros C T. apply andb_true_iff in C. destruct C as [C B]. apply andb_true_iff in C. destruct C as [P W].
  pose proof (add_up_true y terms P T) as E. unfold constraint_true, at_row in E. rewrite (zeros_dot _ W) in E.
  apply orb_true_iff in B. destruct B as [B|B].
  - apply positive_eq in B. unfold at_most_zero in E. destruct (snd _); lra.
  - apply andb_true_iff in B. destruct B as [B S]. apply is_zero_eq in B. rewrite S in E. cbn [at_most_zero] in E. lra.
Qed.

(** q times one input. *)
Definition unit (j : nat) (q : Q) : list Q := repeat 0%Q j ++ [q].

Lemma unit_dot q : forall j v, dot (unit j q) v = Q2R q * nth j v 0.
Proof.
  unfold unit. induction j as [|j IH]; intros [|x v]; cbn [repeat app dot nth]; try lra.
  rewrite RMicromega.Q2R_0, IH. lra.
Qed.

End Bits.
