(** Linked neurons in a linear bound (docs/certificate-format.md, "Linear bounds"): an undecided neuron that is linked to i
    with factor f becomes f·r_i for f > 0, and |f|·(r_i - z_i) for f < 0. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution.
Import ListNotations.
Open Scope R_scope.

(** Adds to one entry of a list that goes on with zeros. *)
Fixpoint bump (i : nat) (d : Z) (l : list Z) : list Z :=
  match i with
  | O => (first l + d)%Z :: tl l
  | S i => first l :: bump i d (tl l)
  end.

Lemma zdot_bump d : forall i l v, zdot (bump i d l) v = zdot l v + IZR d * nth i v 0.
Proof.
  induction i as [|i IH]; intros l [|x v]; rewrite ?zdot_empty; try (cbn; lra).
  - cbn [bump nth]. rewrite !zdot_first. cbn [first tl]. rewrite plus_IZR. lra.
  - cbn [bump nth]. rewrite !zdot_first. cbn [first tl]. rewrite IH. lra.
Qed.

Section Bits.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.
Notation S := (power F).

(** f times an integer, rounded down. *)
Definition scaled (f : Q) (c : Z) : Z := (c * Qnum f / Zpos (Qden f))%Z.

Lemma scaled_below f c : IZR (scaled f c) <= IZR c * Q2R f.
Proof.
  unfold scaled. pose proof (den_pos f) as D. pose proof (Q2R_times_den f) as E.
  apply Rmult_le_reg_l with (IZR (Zpos (Qden f))); [assumption|].
  rewrite <- mult_IZR. apply Rle_trans with (IZR (c * Qnum f)).
  - apply IZR_le, Z.mul_div_le. lia.
  - rewrite mult_IZR, <- E. lra.
Qed.

(** The coefficient of each neuron is what it was in the beginning: links go to earlier neurons only. *)
Fixpoint follow_from (k : nat) (todo : list neuron) (own sums extra : list Z) : list Z * list Z :=
  match todo with
  | [] => (sums, extra)
  | n :: todo =>
      let c := first own in
      match sign n, link n with
      | None, Some (i, f) =>
          if (c =? 0)%Z then follow_from (Datatypes.S k) todo (tl own) sums extra
          else if positive f
          then follow_from (Datatypes.S k) todo (tl own) (bump i (scaled f c) (bump k (- c) sums)) extra
          else let e := Z.shiftr (scaled (- f) c) F in
               follow_from (Datatypes.S k) todo (tl own) (bump i (Z.shiftl e F) (bump k (- c) sums)) (bump i (- e) extra)
      | _, _ => follow_from (Datatypes.S k) todo (tl own) sums extra
      end
  end.

Definition follow (ns : list neuron) (sums : list Z) : option (list Z * list Z) :=
  Some (if has_links ns then follow_from 0 ns sums sums [] else (sums, [])).

Lemma nth_relus ns v k n : nth_error ns k = Some n -> nth k (relus ns v) 0 = Rmax 0 (at_row (exact n) v).
Proof.
  intros H. unfold relus, pre. rewrite map_map.
  apply (map_nth_error (fun n => Rmax 0 (at_row (exact n) v))) in H. apply nth_error_nth. exact H.
Qed.

Lemma nth_pre ns v k n : nth_error ns k = Some n -> nth k (pre ns v) 0 = at_row (exact n) v.
Proof.
  intros H. unfold pre. apply (map_nth_error (fun n => at_row (exact n) v)) in H. apply nth_error_nth. exact H.
Qed.

Lemma follow_from_below ns v : links_ok ns v -> forall todo k own sums extra sums' extra',
  (forall j n, nth_error todo j = Some n -> nth_error ns (k + j) = Some n) ->
  follow_from k todo own sums extra = (sums', extra') ->
  zdot sums' (relus ns v) + S * zdot extra' (pre ns v) <= zdot sums (relus ns v) + S * zdot extra (pre ns v).
Proof.
  intros LK. induction todo as [|n todo IH]; intros k own sums extra sums' extra' T E; cbn [follow_from] in E.
  { injection E as <- <-. lra. }
  assert (T' : forall j m, nth_error todo j = Some m -> nth_error ns (Datatypes.S k + j) = Some m).
  { intros j m H. rewrite Nat.add_succ_comm. apply T. exact H. }
  assert (Hk : nth_error ns k = Some n) by (rewrite <- (Nat.add_0_r k); apply T; reflexivity).
  destruct (sign n); [eapply IH; eassumption|].
  destruct (link n) as [[i f]|] eqn:LN; [|eapply IH; eassumption].
  destruct (first own =? 0)%Z; [eapply IH; eassumption|].
  destruct (LK n i f (nth_error_In _ _ Hk) LN) as (m & Hi & Z).
  set (c := first own) in *. set (zi := at_row (exact m) v) in *. set (zk := at_row (exact n) v) in *.
  pose proof (Rmax_l 0 zi) as M0. pose proof (Rmax_r 0 zi) as M1.
  destruct (positive f) eqn:PF.
  - apply positive_eq in PF. eapply Rle_trans; [eapply IH; eassumption|]. rewrite !zdot_bump, opp_IZR.
    rewrite (nth_relus _ v _ _ Hk), (nth_relus _ v _ _ Hi). fold zi zk.
    pose proof (scaled_below f c) as SB.
    assert (R : Rmax 0 zk = Q2R f * Rmax 0 zi).
    { rewrite Z. destruct (Rmax_cases zi) as [[Z0 ->]|[Z0 ->]].
      - rewrite Rmax_left by nra. lra.
      - rewrite Rmax_right by nra. lra. }
    rewrite R. assert (IZR (scaled f c) * Rmax 0 zi <= IZR c * Q2R f * Rmax 0 zi) by (apply Rmult_le_compat_r; assumption). lra.
  - apply not_positive_eq in PF. eapply Rle_trans; [eapply IH; eassumption|]. rewrite !zdot_bump, !opp_IZR, shiftl_exact by exact F_nonneg.
    rewrite (nth_relus _ v _ _ Hk), (nth_relus _ v _ _ Hi), (nth_pre _ v _ _ Hi). fold zi zk.
    pose proof (scaled_below (- f) c) as SB. rewrite Q2R_opp in SB.
    pose proof (shiftr_below (scaled (- f) c) F F_nonneg) as SH.
    set (e := IZR (Z.shiftr (scaled (- f) c) F)) in *.
    assert (R : Rmax 0 zk = - Q2R f * (Rmax 0 zi - zi)).
    { rewrite Z. destruct (Rmax_cases zi) as [[Z0 ->]|[Z0 ->]].
      - rewrite Rmax_right by nra. lra.
      - rewrite Rmax_left by nra. lra. }
    rewrite R. assert (B : e * S <= IZR c * - Q2R f) by lra.
    assert (e * S * (Rmax 0 zi - zi) <= IZR c * - Q2R f * (Rmax 0 zi - zi)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma follow_below ns v sums sums' extra :
  links_ok ns v -> follow ns sums = Some (sums', extra) ->
  zdot sums' (relus ns v) + S * zdot extra (pre ns v) <= zdot sums (relus ns v).
Proof.
  intros LK E. unfold follow in E. injection E as E. destruct (has_links ns).
  - pose proof (follow_from_below ns v LK ns 0 sums sums [] sums' extra (fun j n H => H) E) as B. rewrite zdot_nil in B. lra.
  - injection E as <- <-. rewrite zdot_nil. lra.
Qed.

End Bits.
