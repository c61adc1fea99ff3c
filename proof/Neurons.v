(** Signs and intervals of neurons, and neurons in their layers. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State.
Import ListNotations.
Open Scope R_scope.

Section Neurons.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

(** What never changes of a neuron. *)
Definition frame (n : neuron) := (exact n, fixed n, link n).

Definition agrees (sign : bool) (z : R) : Prop := if sign then 0 <= z else z <= 0.

Definition with_sign (sign : bool) (n : neuron) : neuron :=
  Neuron (exact n) (fixed n) (Some sign) (least n) (most n) (chord n) (steep n) (link n).

Lemma with_sign_knows s n z : knows F n z -> agrees s z -> knows F (with_sign s n) z.
Proof.
  intros (A & I & L & U & C) G. unfold knows, with_sign. cbn [sign least most chord].
  split; [intros E; injection E as ->; exact G|]. split; [intros E; injection E as ->; exact G|]. auto.
Qed.

(** A neuron gets a sign, and those linked to it theirs. *)
Fixpoint decide (i : nat) (s : bool) (k : nat) (ns : list neuron) : list neuron :=
  match ns with
  | [] => []
  | n :: ns =>
      (if (k =? i)%nat then with_sign s n
       else match link n with
            | Some (j, f) => if (j =? i)%nat then with_sign (if positive f then s else negb s) n else n
            | None => n
            end) :: decide i s (Datatypes.S k) ns
  end.

Lemma decide_frame i s ns : forall k, map frame (decide i s k ns) = map frame ns.
Proof.
  induction ns as [|n ns IH]; intros k; cbn [decide map]; [reflexivity|]. rewrite IH. f_equal.
  destruct (k =? i)%nat; [reflexivity|]. destruct (link n) as [[j f]|] eqn:L; [|reflexivity].
  destruct (j =? i)%nat; reflexivity.
Qed.

Lemma decide_ok v all i s z : links_ok all v ->
  (forall m, nth_error all i = Some m -> at_row (exact m) v = z) -> agrees s z ->
  forall ns k, Forall (neuron_ok F v) ns -> (forall j n, nth_error ns j = Some n -> nth_error all (k + j) = Some n) ->
  Forall (neuron_ok F v) (decide i s k ns).
Proof.
  intros LK Z G. induction ns as [|n ns IH]; intros k K T; cbn [decide]; [constructor|].
  inversion K as [|? ? [Fit Kn] K']; subst. constructor.
  - assert (Hk : nth_error all k = Some n) by (rewrite <- (Nat.add_0_r k); apply T; reflexivity).
    destruct (k =? i)%nat eqn:E.
    + apply Nat.eqb_eq in E. subst. split; [exact Fit|]. apply with_sign_knows; [exact Kn|]. cbn [exact with_sign]. rewrite (Z n Hk). exact G.
    + destruct (link n) as [[j f]|] eqn:L; [|split; assumption]. destruct (j =? i)%nat eqn:E'; [|split; assumption].
      apply Nat.eqb_eq in E'. subst j. destruct (LK n i f (nth_error_In _ _ Hk) L) as (m & Hm & R).
      split; [exact Fit|]. apply with_sign_knows; [exact Kn|]. cbn [exact with_sign]. rewrite R, (Z m Hm).
      destruct (positive f) eqn:PF.
      * apply positive_eq in PF. unfold agrees in *. destruct s; nra.
      * apply not_positive_eq in PF. unfold agrees in *. destruct s; cbn [negb]; nra.
  - apply IH; [exact K'|]. intros j m H. rewrite Nat.add_succ_comm. apply T. exact H.
Qed.

Lemma same_links ns ns' v : map frame ns' = map frame ns -> links_ok ns v -> links_ok ns' v.
Proof.
  intros E LK n i f Hn Hl. assert (Hf : In (frame n) (map frame ns)) by (rewrite <- E; apply in_map, Hn).
  apply in_map_iff in Hf. destruct Hf as (n0 & E0 & H0). unfold frame in E0. injection E0 as E1 E2 E3.
  rewrite <- E3 in Hl. destruct (LK n0 i f H0 Hl) as (m & Hm & R).
  pose proof (map_nth_error frame _ _ Hm) as Hm'. rewrite <- E in Hm'. rewrite nth_error_map in Hm'.
  destruct (nth_error ns' i) as [m'|] eqn:Hi; [|discriminate]. exists m'. split; [reflexivity|].
  cbn in Hm'. unfold frame in Hm'. injection Hm' as M1 M2 M3. rewrite <- E1, R, M1. reflexivity.
Qed.

Lemma same_relus ns ns' v : map frame ns' = map frame ns -> relus ns' v = relus ns v.
Proof.
  intros E. unfold relus, pre. f_equal.
  assert (forall l, map (fun n => at_row (exact n) v) l = map (fun fr => at_row (fst (fst fr)) v) (map frame l)) as M
    by (intros l; rewrite map_map; reflexivity).
  rewrite (M ns'), (M ns), E. reflexivity.
Qed.

(** The largest m·2^e at most this, with |m| ≤ 128 and m = 0 or |m| ≥ 64. *)
Definition seven_bits (v : Z) : Z :=
  let drop := Z.max 0 (Z.log2 (Z.abs v) - 6) in Z.shiftl (Z.shiftr v drop) drop.

(** A tighter end (2^-2F): the neuron, and the sign that follows; none if no number is left. *)
Definition tighten (n : neuron) (upper : bool) (v : Z) : option (neuron * option bool) :=
  let l := if upper then least n else Some (match least n with Some l => Z.max l v | None => v end) in
  let u := if upper then Some (match most n with Some u => Z.min u v | None => v end) else most n in
  let known c s := Neuron (exact n) (fixed n) (sign n) l u c s (link n) in
  match l, u with
  | Some a, Some b =>
      if (b <? a)%Z then None
      else if (b <=? 0)%Z then Some (known (chord n) (steep n), Some false)
      else if (0 <=? a)%Z then Some (known (chord n) (steep n), Some true)
      else let left := Z.shiftr a F in
           let right := (- Z.shiftr (- b) F)%Z in
           Some (known (Some (Interval left right (Z.shiftl right 62 / (right - left)))) (- a <? b)%Z, None)
  | Some a, None => Some (known (chord n) (steep n), if (0 <=? a)%Z then Some true else None)
  | None, Some b => Some (known (chord n) (steep n), if (b <=? 0)%Z then Some false else None)
  | None, None => Some (known (chord n) (steep n), None)
  end.

Definition end_true (upper : bool) (v : Z) (z : R) : Prop :=
  if upper then S * S * z <= IZR v else IZR v <= S * S * z.

Lemma scaled_sign z : (0 <= S * S * z -> 0 <= z) /\ (S * S * z <= 0 -> z <= 0).
Proof.
  pose proof (S_pos F F_nonneg) as Sp. assert (0 < S * S) by nra. split; intros; nra.
Qed.

Lemma tighten_ok n upper v z : knows F n z -> end_true upper v z ->
  match tighten n upper v with
  | None => False
  | Some (n', d) => knows F n' z /\ frame n' = frame n /\ (forall s, d = Some s -> agrees s z)
  end.
Proof.
  intros (A & I & L & U & C) T. unfold tighten.
  set (l := if upper then least n else _). set (u := if upper then Some _ else most n).
  assert (L' : forall a, l = Some a -> IZR a <= S * S * z).
  { intros a E. unfold l in E. destruct upper; [auto|]. injection E as <-. unfold end_true in T.
    destruct (least n) as [l0|]; [|exact T]. specialize (L l0 eq_refl). destruct (Z.max_spec l0 v) as [[_ ->]|[_ ->]]; assumption. }
  assert (U' : forall b, u = Some b -> S * S * z <= IZR b).
  { intros b E. unfold u in E. destruct upper; [|auto]. injection E as <-. unfold end_true in T.
    destruct (most n) as [u0|]; [|exact T]. specialize (U u0 eq_refl). destruct (Z.min_spec u0 v) as [[_ ->]|[_ ->]]; assumption. }
  clearbody l u. destruct (scaled_sign z) as [Up Down].
  assert (K : forall c s, (forall i, c = Some i -> IZR (left_end i) <= S * z <= IZR (right_end i)) ->
              knows F (Neuron (exact n) (fixed n) (sign n) l u c s (link n)) z).
  { intros c s H. unfold knows. cbn [sign least most chord]. auto. }
  destruct l as [a|]; destruct u as [b|];
    [pose proof (L' a eq_refl) as La; pose proof (U' b eq_refl) as Ub | pose proof (L' a eq_refl) as La
    | pose proof (U' b eq_refl) as Ub |].
  - destruct (b <? a)%Z eqn:E1; [apply Z.ltb_lt in E1; apply IZR_lt in E1; lra|].
    destruct (b <=? 0)%Z eqn:E2.
    { apply Z.leb_le in E2. apply IZR_le in E2. split; [apply K, C|]. split; [reflexivity|].
      intros s Es. injection Es as <-. apply Down. lra. }
    destruct (0 <=? a)%Z eqn:E3.
    { apply Z.leb_le in E3. apply IZR_le in E3. split; [apply K, C|]. split; [reflexivity|].
      intros s Es. injection Es as <-. apply Up. lra. }
    split; [|split; [reflexivity | intros s Es; discriminate]]. apply K. intros i Ei. injection Ei as <-.
    cbn [left_end right_end]. pose proof (S_pos F F_nonneg) as Sp.
    pose proof (shiftr_below a F F_nonneg) as SA. pose proof (shiftr_below (- b) F F_nonneg) as SB.
    rewrite opp_IZR in *. split; nra.
  - split; [apply K, C|]. split; [reflexivity|]. intros s Es. destruct (0 <=? a)%Z eqn:E3; [|discriminate].
    apply Z.leb_le in E3. apply IZR_le in E3. injection Es as <-. apply Up. lra.
  - split; [apply K, C|]. split; [reflexivity|]. intros s Es. destruct (b <=? 0)%Z eqn:E2; [|discriminate].
    apply Z.leb_le in E2. apply IZR_le in E2. injection Es as <-. apply Down. lra.
  - split; [apply K, C|]. split; [reflexivity|]. intros s Es. discriminate.
Qed.

(** ** Layers *)

Fixpoint replace_nth (i : nat) (n : neuron) (ns : list neuron) : list neuron :=
  match ns, i with
  | [], _ => []
  | _ :: ns, O => n :: ns
  | m :: ns, Datatypes.S i => m :: replace_nth i n ns
  end.

Lemma replace_nth_frame n : forall ns i m, nth_error ns i = Some m -> frame n = frame m ->
  map frame (replace_nth i n ns) = map frame ns.
Proof.
  induction ns as [|a ns IH]; intros [|i] m H E; cbn in *; try discriminate.
  - injection H as ->. rewrite E. reflexivity.
  - f_equal. eapply IH; eassumption.
Qed.

Lemma replace_nth_all (Q : neuron -> Prop) n : forall ns i, Forall Q ns -> Q n -> Forall Q (replace_nth i n ns).
Proof.
  induction ns as [|a ns IH]; intros [|i] H Hn; cbn; auto; inversion H; subst; constructor; auto.
Qed.

(** The layer after so many, and the layers before it. *)
Fixpoint at_depth (d : nat) (st : stack) : option (list neuron * stack) :=
  match st with
  | [] => None
  | ns :: rest => if (length rest =? d)%nat then Some (ns, rest) else at_depth d rest
  end.

Fixpoint set_layer (d : nat) (ns' : list neuron) (st : stack) : stack :=
  match st with
  | [] => []
  | ns :: rest => if (length rest =? d)%nat then ns' :: rest else ns :: set_layer d ns' rest
  end.

Lemma at_depth_ok y d : forall st ns rest, stack_ok F st y -> at_depth d st = Some (ns, rest) ->
  Forall (neuron_ok F (act rest y)) ns /\ links_ok ns (act rest y) /\ stack_ok F rest y.
Proof.
  induction st as [|ns0 st IH]; intros ns rest H E; cbn [at_depth stack_ok] in *; [discriminate|].
  destruct H as (K & L & H). destruct (length st =? d)%nat; [injection E as <- <-; auto | eapply IH; eassumption].
Qed.

Lemma set_layer_act y d ns' : forall st ns rest, at_depth d st = Some (ns, rest) -> map frame ns' = map frame ns ->
  act (set_layer d ns' st) y = act st y.
Proof.
  induction st as [|ns0 st IH]; intros ns rest E M; cbn [at_depth set_layer act] in *; [discriminate|].
  destruct (length st =? d)%nat; cbn [act].
  - injection E as <- <-. apply same_relus, M.
  - rewrite (IH _ _ E M). reflexivity.
Qed.

Lemma set_layer_ok y d ns' : forall st ns rest, stack_ok F st y -> at_depth d st = Some (ns, rest) ->
  map frame ns' = map frame ns -> Forall (neuron_ok F (act rest y)) ns' -> stack_ok F (set_layer d ns' st) y.
Proof.
  induction st as [|ns0 st IH]; intros ns rest H E M K; cbn [at_depth set_layer stack_ok] in *; [discriminate|].
  destruct H as (K0 & L0 & H). destruct (length st =? d)%nat eqn:D; cbn [stack_ok].
  - injection E as <- <-. split; [exact K|]. split; [|exact H]. eapply same_links; eassumption.
  - rewrite (set_layer_act y d ns' st ns rest E M). split; [exact K0|]. split; [exact L0|]. eapply IH; eassumption.
Qed.

End Neurons.
