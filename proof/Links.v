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

(** What is added to entries of a list. *)
Fixpoint bump_all (adds : list (nat * Z)) (l : list Z) : list Z :=
  match adds with
  | [] => l
  | (i, d) :: adds => bump_all adds (bump i d l)
  end.

Fixpoint added (adds : list (nat * Z)) (v : list R) : R :=
  match adds with
  | [] => 0
  | (i, d) :: adds => IZR d * nth i v 0 + added adds v
  end.

Lemma zdot_bump_all v : forall adds l, zdot (bump_all adds l) v = zdot l v + added adds v.
Proof. induction adds as [|[i d] adds IH]; intros l; cbn [bump_all added]; [lra|]. rewrite IH, zdot_bump. lra. Qed.

(** The coefficients without those of linked neurons, and what is added for these: to coefficients of activations, and to those
    of pre-activations. The coefficient of each neuron is what it was in the beginning: links go to earlier neurons only. *)
Fixpoint follow_from (todo : list neuron) (own : list Z) : list Z * (list (nat * Z) * list (nat * Z)) :=
  match todo with
  | [] => (own, ([], []))
  | n :: todo =>
      let c := first own in
      let '(kept, (adds, extra)) := follow_from todo (tl own) in
      match sign n, link n with
      | None, Some (i, f) =>
          if (c =? 0)%Z then (c :: kept, (adds, extra))
          else if positive f then (0%Z :: kept, ((i, scaled f c) :: adds, extra))
          else let e := Z.shiftr (scaled (- f) c) F in (0%Z :: kept, ((i, Z.shiftl e F) :: adds, (i, (- e)%Z) :: extra))
      | _, _ => (c :: kept, (adds, extra))
      end
  end.

Definition follow (ns : list neuron) (sums : list Z) : option (list Z * list Z) :=
  Some (if has_links ns
        then let '(kept, (adds, extra)) := follow_from ns sums in (bump_all adds kept, bump_all extra [])
        else (sums, [])).

Lemma nth_relus ns v k n : nth_error ns k = Some n -> nth k (relus ns v) 0 = Rmax 0 (at_row (exact n) v).
Proof.
  intros H. unfold relus, pre. rewrite map_map.
  apply (map_nth_error (fun n => Rmax 0 (at_row (exact n) v))) in H. apply nth_error_nth. exact H.
Qed.

Lemma nth_pre ns v k n : nth_error ns k = Some n -> nth k (pre ns v) 0 = at_row (exact n) v.
Proof.
  intros H. unfold pre. apply (map_nth_error (fun n => at_row (exact n) v)) in H. apply nth_error_nth. exact H.
Qed.

Lemma follow_from_below ns v : links_ok ns v -> forall todo own kept adds extra,
  incl todo ns -> follow_from todo own = (kept, (adds, extra)) ->
  zdot kept (relus todo v) + added adds (relus ns v) + S * added extra (pre ns v) <= zdot own (relus todo v).
Proof.
  intros LK. induction todo as [|n todo IH]; intros own kept adds extra T E; cbn [follow_from] in E.
  { injection E as <- <- <-. cbn [added]. lra. }
  assert (T' : incl todo ns) by (intros m Hm; apply T; right; exact Hm).
  assert (Hn : In n ns) by (apply T; left; reflexivity).
  destruct (follow_from todo (tl own)) as [kept0 [adds0 extra0]] eqn:FF. specialize (IH _ _ _ _ T' FF).
  unfold relus, pre in *. cbn [map]. rewrite (zdot_first own). set (c := first own) in *. fold (pre ns v) in *. fold (relus ns v) in *.
  set (zk := at_row (exact n) v) in *.
  destruct (sign n); [injection E as <- <- <-; cbn [zdot]; lra|].
  destruct (link n) as [[i f]|] eqn:LN; [|injection E as <- <- <-; cbn [zdot]; lra].
  destruct (c =? 0)%Z; [injection E as <- <- <-; cbn [zdot]; lra|].
  destruct (LK n i f Hn LN) as (m & Hi & Z). fold zk in Z.
  set (zi := at_row (exact m) v) in *.
  pose proof (Rmax_l 0 zi) as M0. pose proof (Rmax_r 0 zi) as M1.
  destruct (positive f) eqn:PF.
  - apply positive_eq in PF. injection E as <- <- <-. cbn [zdot added].
    change (map (Rmax 0) (map (fun n => at_row (exact n) v) ns)) with (relus ns v).
    rewrite (nth_relus _ v _ _ Hi). fold zi.
    pose proof (scaled_below f c) as SB.
    assert (R : Rmax 0 zk = Q2R f * Rmax 0 zi).
    { rewrite Z. destruct (Rmax_cases zi) as [[Z0 ->]|[Z0 ->]].
      - rewrite Rmax_left by nra. lra.
      - rewrite Rmax_right by nra. lra. }
    rewrite R. assert (IZR (scaled f c) * Rmax 0 zi <= IZR c * Q2R f * Rmax 0 zi) by (apply Rmult_le_compat_r; assumption).
    unfold relus, pre in *. lra.
  - apply not_positive_eq in PF. injection E as <- <- <-. cbn [zdot added].
    change (map (Rmax 0) (map (fun n => at_row (exact n) v) ns)) with (relus ns v).
    change (map (fun n => at_row (exact n) v) ns) with (pre ns v) in *.
    rewrite !opp_IZR, shiftl_exact by exact F_nonneg.
    rewrite (nth_relus _ v _ _ Hi), (nth_pre _ v _ _ Hi). fold zi.
    pose proof (scaled_below (- f) c) as SB. rewrite Q2R_opp in SB.
    pose proof (shiftr_below (scaled (- f) c) F F_nonneg) as SH.
    set (e := IZR (Z.shiftr (scaled (- f) c) F)) in *.
    assert (R : Rmax 0 zk = - Q2R f * (Rmax 0 zi - zi)).
    { rewrite Z. destruct (Rmax_cases zi) as [[Z0 ->]|[Z0 ->]].
      - rewrite Rmax_right by nra. lra.
      - rewrite Rmax_left by nra. lra. }
    rewrite R. assert (B : e * S <= IZR c * - Q2R f) by lra.
    assert (e * S * (Rmax 0 zi - zi) <= IZR c * - Q2R f * (Rmax 0 zi - zi)) by (apply Rmult_le_compat_r; lra).
    unfold relus, pre in *. lra.
Qed.

Lemma follow_below ns v sums sums' extra :
  links_ok ns v -> follow ns sums = Some (sums', extra) ->
  zdot sums' (relus ns v) + S * zdot extra (pre ns v) <= zdot sums (relus ns v).
Proof.
  intros LK E. unfold follow in E. injection E as E. destruct (has_links ns).
  - destruct (follow_from ns sums) as [kept [adds more]] eqn:FF. injection E as <- <-.
    pose proof (follow_from_below ns v LK ns sums _ _ _ (fun n H => H) FF) as B. rewrite !zdot_bump_all, zdot_nil. lra.
  - injection E as <- <-. rewrite zdot_nil. lra.
Qed.

End Bits.
