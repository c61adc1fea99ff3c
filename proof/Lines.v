(** A network along a line: how far its values move, and where they go (docs/certificate-format.md, "Statements about a network on a region"). *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Lowering.
Import ListNotations.
Open Scope R_scope.

(** Each entry of one list is within c of the other's. *)
Definition close (c : R) (u v : list R) : Prop := Forall2 (fun a b => Rabs (a - b) <= c) u v.

Lemma close_dot : forall w, exists k, 0 <= k /\ forall c u v, 0 <= c -> close c u v -> Rabs (dot w u - dot w v) <= k * c.
Proof.
  induction w as [|q w (k & K & IH)].
  - exists 0. split; [lra|]. intros c u v _ _. cbn [dot]. rewrite Rminus_0_r, Rabs_R0. lra.
  - exists (Rabs (Q2R q) + k). pose proof (Rabs_pos (Q2R q)) as Q0. split; [lra|]. intros c u v C H. destruct H as [|a b u v A H]; cbn [dot].
    + rewrite Rminus_0_r, Rabs_R0. apply Rmult_le_pos; lra.
    + specialize (IH c u v C H). replace (Q2R q * a + dot w u - (Q2R q * b + dot w v)) with (Q2R q * (a - b) + (dot w u - dot w v)) by lra.
      eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
      assert (Rabs (Q2R q) * Rabs (a - b) <= Rabs (Q2R q) * c) by (apply Rmult_le_compat_l; assumption). lra.
Qed.

Lemma relu_close a b : Rabs (Rmax 0 a - Rmax 0 b) <= Rabs (a - b).
Proof. unfold Rmax, Rabs. repeat (destruct (Rle_dec _ _) || destruct (Rcase_abs _)); lra. Qed.

Lemma close_wider c c' u v : c <= c' -> close c u v -> close c' u v.
Proof. intros H. induction 1 as [|a b u v A _ IH]; constructor; [lra | exact IH]. Qed.

(** ** Values move at most so much as the point *)

Lemma layer_lipschitz l : exists k, 0 <= k /\ forall c u v, 0 <= c -> close c u v -> close (k * c) (at_layer l u) (at_layer l v).
Proof.
  unfold at_layer. induction (rows l) as [|r rs (k & K & IH)].
  - exists 0. split; [lra|]. constructor.
  - destruct (close_dot (weights r)) as (k1 & K1 & D). exists (k1 + k). split; [lra|]. intros c u v C H. cbn [map]. constructor.
    + specialize (D c u v C H). assert (E : Rabs (at_row r u - at_row r v) <= (k1 + k) * c).
      { unfold at_row. replace (_ - _) with (dot (weights r) u - dot (weights r) v) by lra. nra. }
      destruct (relu l); [|exact E]. eapply Rle_trans; [apply relu_close | exact E].
    + eapply close_wider; [|apply IH; eassumption]. nra.
Qed.

Lemma outputs_lipschitz : forall n, exists k, 0 <= k /\ forall c u v, 0 <= c -> close c u v -> close (k * c) (outputs n u) (outputs n v).
Proof.
  unfold outputs. induction n as [|l n (k & K & IH)]; cbn [fold_left].
  - exists 1. split; [lra|]. intros c u v _ H. eapply close_wider; [|exact H]. lra.
  - destruct (layer_lipschitz l) as (k1 & K1 & L). exists (k * k1). split; [nra|]. intros c u v C H.
    rewrite Rmult_assoc. apply IH; [nra|]. apply L; assumption.
Qed.

Lemma close_nth c : forall u v i, 0 <= c -> close c u v -> Rabs (nth i u 0 - nth i v 0) <= c.
Proof.
  intros u v i C H. revert i. induction H as [|a b u v A H IH]; intros [|i]; cbn [nth]; rewrite ?Rminus_0_r, ?Rabs_R0; auto.
Qed.

(** ** The network without biases: where values go along a direction *)

Definition without_biases (n : network) : network :=
  map (fun l => Layer (map (fun r => Row (weights r) 0%Q) (rows l)) (relu l)) n.

Lemma dot_scaled t : forall w v, dot w (map (Rmult t) v) = t * dot w v.
Proof. induction w as [|q w IH]; intros [|x v]; cbn [dot map]; rewrite ?IH; lra. Qed.

Lemma relu_scaled t a : 0 <= t -> Rmax 0 (t * a) = t * Rmax 0 a.
Proof.
  intros T. unfold Rmax. destruct (Rle_dec 0 a) as [A|A], (Rle_dec 0 (t * a)) as [B|B]; try lra; nra.
Qed.

Lemma layer_far l c : 0 <= c -> exists k, 0 <= k /\ forall t u v, 0 <= t -> close c u (map (Rmult t) v) ->
  close k (at_layer l u) (map (Rmult t) (at_layer (Layer (map (fun r => Row (weights r) 0%Q) (rows l)) (relu l)) v)).
Proof.
  intros C. unfold at_layer. cbn [rows relu]. induction (rows l) as [|r rs (k & K & IH)].
  - exists 0. split; [lra|]. constructor.
  - destruct (close_dot (weights r)) as (k1 & K1 & D). pose proof (Rabs_pos (Q2R (bias r))) as B0.
    exists (k1 * c + Rabs (Q2R (bias r)) + k). split; [nra|]. intros t u v T H. cbn [map]. constructor.
    + specialize (D c u _ C H). rewrite dot_scaled in D.
      assert (E : Rabs (at_row r u - t * at_row (Row (weights r) 0) v) <= k1 * c + Rabs (Q2R (bias r)) + k).
      { unfold at_row. cbn [weights bias]. rewrite RMicromega.Q2R_0.
        replace (_ - _) with ((dot (weights r) u - t * dot (weights r) v) + Q2R (bias r)) by lra.
        eapply Rle_trans; [apply Rabs_triang|]. lra. }
      destruct (relu l); [|exact E]. rewrite <- relu_scaled by exact T. eapply Rle_trans; [apply relu_close | exact E].
    + eapply close_wider; [|apply IH; eassumption]. nra.
Qed.

Lemma outputs_far : forall n c, 0 <= c -> exists k, 0 <= k /\ forall t u v, 0 <= t -> close c u (map (Rmult t) v) ->
  close k (outputs n u) (map (Rmult t) (outputs (without_biases n) v)).
Proof.
  unfold outputs. induction n as [|l n IH]; intros c C; cbn [fold_left without_biases map].
  - exists c. split; [exact C|]. auto.
  - destruct (layer_far l c C) as (k1 & K1 & L). destruct (IH k1 K1) as (k & K & H). exists k. split; [exact K|].
    intros t u v T A. apply H; [exact T|]. apply L; assumption.
Qed.

(** ** Points of a line *)

(** u + t·d, as long as u. *)
Fixpoint along (t : R) (d u : list R) : list R :=
  match u, d with
  | a :: u, b :: d => (a + t * b) :: along t d u
  | _, _ => u
  end.

Lemma along_length t : forall u d, length (along t d u) = length u.
Proof. induction u as [|a u IH]; intros [|b d]; cbn; auto. Qed.

Lemma along_dot t : forall w u d, length d = length u -> dot w (along t d u) = dot w u + t * dot w d.
Proof.
  induction w as [|q w IH]; intros [|a u] [|b d] L; cbn [along dot]; try discriminate; try lra.
  injection L as L. rewrite IH by exact L. lra.
Qed.

(** How far a point on the line is from its beginning, for t between 0 and 1. *)
Lemma along_close : forall u d, exists m, 0 <= m /\ forall t, 0 <= t -> close (m * t) (along t d u) u.
Proof.
  induction u as [|a u IH]; intros d.
  - exists 0. split; [lra|]. intros t _. destruct d; constructor.
  - destruct d as [|b d].
    + destruct (IH []) as (m & M & H). exists 0. split; [lra|]. intros t _. cbn [along]. rewrite Rmult_0_l. clear.
      induction (a :: u) as [|c l IHl]; constructor; [|exact IHl]. rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. lra.
    + destruct (IH d) as (m & M & H). exists (Rabs b + m). pose proof (Rabs_pos b) as B0. split; [lra|]. intros t T. cbn [along]. constructor.
      * replace (a + t * b - a) with (t * b) by lra. rewrite Rabs_mult, (Rabs_pos_eq t) by exact T. nra.
      * eapply close_wider; [|apply H, T]. nra.
Qed.

(** Far out the point is nearly t times the direction. *)
Lemma along_far : forall u d, length d = length u -> exists c, 0 <= c /\ forall t, close c (along t d u) (map (Rmult t) d).
Proof.
  induction u as [|a u IH]; intros [|b d] L; try discriminate.
  - exists 0. split; [lra|]. intros t. constructor.
  - injection L as L. destruct (IH d L) as (c & C & H). exists (Rabs a + c). pose proof (Rabs_pos a) as A0. split; [lra|].
    intros t. cbn [along map]. constructor.
    + replace (a + t * b - t * b) with a by lra. lra.
    + eapply close_wider; [|apply H]. lra.
Qed.
