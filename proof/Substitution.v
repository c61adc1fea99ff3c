(** Linear bounds (docs/certificate-format.md, "Linear bounds"): affine functions of the inputs below functions of neurons.

    Inputs and activations are not negative here, so a coefficient that is rounded down makes a smaller function.
    Scales: weights and coefficients count 2^-F, their products and constants 2^-2F. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Psatz Bool.
Require Import Statement Vectors.
Import ListNotations.
Open Scope R_scope.

(** A row of weights between two lists of multiples of 2^-F. *)
Record fixed_row := FixedRow { low : list Z; high : list Z; bias_low : Z; bias_high : Z }.

(** An interval of a pre-activation around 0 in multiples of 2^-F, and about u/(u-l). *)
Record interval := Interval { left_end : Z; right_end : Z; ratio : Z }.

(** A neuron and what is known about its pre-activation: its sign (true: active), ends in multiples of 2^-2F,
    the interval for the line above it, and whether its slope is 1. A link names another neuron of the layer. *)
Record neuron := Neuron {
  exact : row;
  fixed : fixed_row;
  sign : option bool;
  least : option Z;
  most : option Z;
  chord : option interval;
  steep : bool;
  link : option (nat * Q)
}.

Section Bits.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.

Notation S := (power F).

Lemma S_pos : 0 < S.
Proof. apply power_pos, F_nonneg. Qed.

Definition fix_row (r : row) : fixed_row :=
  FixedRow (map (floor F) (weights r)) (map (ceiling F) (weights r)) (floor F (bias r)) (ceiling F (bias r)).

Definition fits (f : fixed_row) (r : row) : Prop :=
  forall v, nonnegative v ->
    zdot (low f) v + IZR (bias_low f) <= S * at_row r v <= zdot (high f) v + IZR (bias_high f).

Lemma fix_row_fits r : fits (fix_row r) r.
Proof.
  intros v N. unfold at_row, fix_row. cbn [low high bias_low bias_high].
  pose proof (floors_below F (weights r) F_nonneg v N). pose proof (ceilings_above F (weights r) F_nonneg v N).
  pose proof (floor_below F (bias r) F_nonneg). pose proof (ceiling_above F (bias r) F_nonneg). lra.
Qed.

(** What the fields of a neuron say about its pre-activation. *)
Definition knows (n : neuron) (z : R) : Prop :=
  (sign n = Some true -> 0 <= z) /\
  (sign n = Some false -> z <= 0) /\
  (forall l, least n = Some l -> IZR l <= S * S * z) /\
  (forall u, most n = Some u -> S * S * z <= IZR u) /\
  (forall i, chord n = Some i -> IZR (left_end i) <= S * z <= IZR (right_end i)).

Definition neuron_ok (v : list R) (n : neuron) : Prop :=
  fits (fixed n) (exact n) /\ knows n (at_row (exact n) v).

(** Which activations need no coefficients: those of inactive neurons are 0. *)
Definition live_of (ns : list neuron) : list bool :=
  map (fun n => match sign n with Some false => false | _ => true end) ns.

Definition pre (ns : list neuron) (v : list R) : list R := map (fun n => at_row (exact n) v) ns.
Definition relus (ns : list neuron) (v : list R) : list R := map (Rmax 0) (pre ns v).

Lemma relus_nonnegative ns v : nonnegative (relus ns v).
Proof. unfold relus, pre. induction ns; constructor; [apply Rmax_l | assumption]. Qed.

Lemma live_vanishes ns v : Forall (neuron_ok v) ns -> vanishes (live_of ns) (relus ns v).
Proof.
  unfold relus, pre. induction 1 as [|n ns [_ K] _ IH]; [exact I|].
  cbn [live_of map vanishes]. split; [|exact IH].
  intros E. destruct (sign n) as [[|]|] eqn:G; try discriminate.
  destruct K as (_ & K & _). specialize (K G). apply Rmax_left. lra.
Qed.

(** t times a pre-activation, from below: t counts 2^-F. *)
Definition add_row (live : list bool) (t : Z) (f : fixed_row) (total : list Z * Z) : list Z * Z :=
  if (0 <=? t)%Z
  then (axpy live t (low f) (fst total), snd total + t * bias_low f)%Z
  else (axpy live t (high f) (fst total), snd total + t * bias_high f)%Z.

Definition value2 (total : list Z * Z) (v : list R) : R := zdot (fst total) v + IZR (snd total).

Lemma add_row_below live t f r total v : fits f r -> nonnegative v -> vanishes live v ->
  value2 (add_row live t f total) v <= IZR t * (S * at_row r v) + value2 total v.
Proof.
  intros H N V. specialize (H v N). unfold add_row, value2.
  destruct (0 <=? t)%Z eqn:T; cbn [fst snd]; rewrite zdot_axpy, plus_IZR, mult_IZR by assumption.
  - apply Z.leb_le in T. apply IZR_le in T. nra.
  - apply Z.leb_gt in T. apply IZR_lt in T. nra.
Qed.

(** A factor t and an addition k with t·z + k below c·max(0, z): c and t count 2^-F, k counts 2^-2F.
    "active: z_k; inactive: 0; undecided: slope·z_k, or the line above the interval". *)
Definition line (n : neuron) (c : Z) : option (Z * Z) :=
  match sign n with
  | Some true => Some (c, 0%Z)
  | Some false => Some (0%Z, 0%Z)
  | None =>
      if (0 <=? c)%Z then Some (if steep n then c else 0%Z, 0%Z)
      else match chord n with
           | None => None
           | Some i =>
               if ((left_end i <=? 0) && (0 <=? right_end i))%Z%bool
               then let t := Z.shiftr (c * ratio i) 62 in
                    Some (t, Z.min (- (t * left_end i)) ((c - t) * right_end i))
               else None
           end
  end.

Lemma Rmax_cases z : (z <= 0 /\ Rmax 0 z = 0) \/ (0 <= z /\ Rmax 0 z = z).
Proof. destruct (Rle_dec z 0); [left | right]; split; try lra; unfold Rmax; destruct (Rle_dec 0 z); lra. Qed.

Lemma same_pair (A B : Type) (a c : A) (b d : B) : Some (a, b) = Some (c, d) -> a = c /\ b = d.
Proof. intros H. injection H. auto. Qed.

(** A line that is below a concave function at both ends of an interval around its corner is below it in between. *)
Lemma above_interval c l u y f k : c <= 0 -> l <= 0 -> 0 <= u -> l <= y <= u ->
  k <= - (f * l) -> k <= (c - f) * u -> (y <= 0 -> f * y + k <= 0) /\ (0 <= y -> f * y + k <= c * y).
Proof.
  intros Hc Hl Hu [Hly Hyu] K1 K2. split; intros Hy.
  - destruct (Rle_dec 0 f).
    + assert (f * y <= 0) by nra. assert ((c - f) * u <= 0) by nra. lra.
    + assert (f * y <= f * l) by nra. lra.
  - destruct (Rle_dec 0 (f - c)).
    + assert ((f - c) * y <= (f - c) * u) by nra. lra.
    + assert ((f - c) * y <= 0) by nra. assert (0 <= f * l) by nra. lra.
Qed.

Lemma line_below n z c t k : knows n z -> line n c = Some (t, k) ->
  IZR t * (S * z) + IZR k <= IZR c * (S * Rmax 0 z).
Proof.
  intros (A & I & _ & _ & C) L. unfold line in L. pose proof S_pos as P.
  destruct (sign n) as [[|]|].
  - injection L as <- <-. specialize (A eq_refl). rewrite Rmax_right by lra. lra.
  - injection L as <- <-. specialize (I eq_refl). rewrite Rmax_left by lra. lra.
  - destruct (0 <=? c)%Z eqn:E.
    + injection L as <- <-. apply Z.leb_le in E. apply IZR_le in E. pose proof (Rmax_r 0 z) as M1. pose proof (Rmax_l 0 z) as M0.
      assert (M2 : S * z <= S * Rmax 0 z) by (apply Rmult_le_compat_l; lra).
      assert (M3 : 0 <= S * Rmax 0 z) by (apply Rmult_le_pos; lra).
      rewrite Rplus_0_r. destruct (steep n).
      * apply Rmult_le_compat_l; assumption.
      * rewrite Rmult_0_l. apply Rmult_le_pos; assumption.
    + apply Z.leb_gt in E. apply IZR_lt in E. destruct (chord n) as [i|]; [|discriminate].
      destruct (_ && _)%Z%bool eqn:B; [|discriminate]. apply andb_true_iff in B. destruct B as [B1 B2].
      apply Z.leb_le in B1, B2. apply IZR_le in B1, B2. specialize (C i eq_refl).
      apply same_pair in L. destruct L as [<- <-]. generalize (Z.shiftr (c * ratio i) 62). intros factor.
      set (l := left_end i) in *. set (u := right_end i) in *.
      assert (K1 : IZR (Z.min (- (factor * l)) ((c - factor) * u)) <= - (IZR factor * IZR l)).
      { rewrite <- mult_IZR, <- opp_IZR. apply IZR_le. lia. }
      assert (K2 : IZR (Z.min (- (factor * l)) ((c - factor) * u)) <= (IZR c - IZR factor) * IZR u).
      { rewrite <- minus_IZR, <- mult_IZR. apply IZR_le. lia. }
      pose proof (above_interval _ _ _ (S * z) _ _ (Rlt_le _ _ E) B1 B2 C K1 K2) as [Left Right].
      destruct (Rmax_cases z) as [[Z0 ->]|[Z0 ->]].
      * rewrite !Rmult_0_r. apply Left. rewrite <- (Rmult_0_r S). apply Rmult_le_compat_l; lra.
      * apply Right. apply Rmult_le_pos; lra.
Qed.

(** Replaces the activations of a layer: sums are their coefficients (2^-2F), extra those of pre-activations (2^-F). *)
Fixpoint replace (live : list bool) (sums extra : list Z) (ns : list neuron) (total : list Z * Z) : option (list Z * Z) :=
  match ns with
  | [] => Some total
  | n :: ns =>
      let c2 := first sums in
      let e := first extra in
      if ((c2 =? 0) && (e =? 0))%Z%bool then replace live (tl sums) (tl extra) ns total
      else match line n (Z.shiftr c2 F) with
           | None => None
           | Some (t, k) =>
               let t := (t + e)%Z in
               let total := (fst total, (snd total + k)%Z) in
               replace live (tl sums) (tl extra) ns
                 (if (t =? 0)%Z then total else add_row live t (fixed n) total)
           end
  end.

Lemma replace_below live v ns : nonnegative v -> vanishes live v -> Forall (neuron_ok v) ns ->
  forall sums extra total total', replace live sums extra ns total = Some total' ->
  value2 total' v <= zdot sums (relus ns v) + S * zdot extra (pre ns v) + value2 total v.
Proof.
  intros N V. induction 1 as [|n ns [Fit K] _ IH]; intros sums extra total total' E; cbn [replace] in E.
  - injection E as <-. cbn. rewrite !zdot_empty. lra.
  - unfold relus, pre in *. cbn [map]. rewrite !zdot_first.
    set (z := at_row (exact n) v) in *. pose proof S_pos as P.
    destruct ((first sums =? 0) && (first extra =? 0))%Z%bool eqn:B.
    + apply andb_true_iff in B. destruct B as [B1 B2]. apply Z.eqb_eq in B1, B2. rewrite B1, B2.
      apply IH in E. lra.
    + destruct (line n (Z.shiftr (first sums) F)) as [[t k]|] eqn:L; [|discriminate].
      apply IH in E. pose proof (line_below n z _ t k K L) as LB.
      pose proof (shiftr_below (first sums) F F_nonneg) as SB. fold S in SB.
      pose proof (Rmax_l 0 z) as M0.
      assert (C : IZR (Z.shiftr (first sums) F) * (S * Rmax 0 z) <= IZR (first sums) * Rmax 0 z).
      { rewrite <- Rmult_assoc. apply Rmult_le_compat_r; assumption. }
      assert (T : value2 (if (t + first extra =? 0)%Z then (fst total, (snd total + k)%Z)
                          else add_row live (t + first extra) (fixed n) (fst total, (snd total + k)%Z)) v
                  <= IZR (t + first extra) * (S * z) + (value2 total v + IZR k)).
      { destruct (t + first extra =? 0)%Z eqn:T0.
        - apply Z.eqb_eq in T0. rewrite T0. unfold value2. cbn [fst snd]. rewrite !plus_IZR. apply Req_le. ring.
        - eapply Rle_trans; [apply add_row_below; eassumption|]. unfold value2. cbn [fst snd]. rewrite !plus_IZR. fold z. apply Req_le. ring. }
      rewrite plus_IZR in T. rewrite Rmult_plus_distr_r in T. lra.
Qed.

(** ** Through all layers, the last one first *)

Definition stack := list (list neuron).

Fixpoint act (st : stack) (y : list R) : list R :=
  match st with
  | [] => y
  | ns :: rest => relus ns (act rest y)
  end.

(** What a layer says about links: the pre-activation is a multiple of another one's. *)
Definition links_ok (ns : list neuron) (v : list R) : Prop :=
  forall n i f, In n ns -> link n = Some (i, f) ->
    exists m, nth_error ns i = Some m /\ at_row (exact n) v = Q2R f * at_row (exact m) v.

Fixpoint stack_ok (st : stack) (y : list R) : Prop :=
  match st with
  | [] => True
  | ns :: rest => Forall (neuron_ok (act rest y)) ns /\ links_ok ns (act rest y) /\ stack_ok rest y
  end.

Definition live_in (st : stack) : list bool := match st with [] => [] | ns :: _ => live_of ns end.

Lemma act_nonnegative st y : nonnegative y -> nonnegative (act st y).
Proof. destruct st; [auto|]. intros _. apply relus_nonnegative. Qed.

Lemma live_in_vanishes st y : stack_ok st y -> vanishes (live_in st) (act st y).
Proof. destruct st as [|ns rest]; [intros _; exact I|]. intros [H _]. apply live_vanishes, H. Qed.

(** The replacement of undecided linked neurons comes first in a layer; it is in Links.v. Here it is any function that
    keeps sums from growing. *)
Variable follow : list neuron -> list Z -> option (list Z * list Z).
Hypothesis follow_below : forall ns v sums sums' extra,
  Forall (neuron_ok v) ns -> links_ok ns v -> follow ns sums = Some (sums', extra) ->
  zdot sums' (relus ns v) + S * zdot extra (pre ns v) <= zdot sums (relus ns v).

Fixpoint back (st : stack) (total : list Z * Z) : option (list Z * Z) :=
  match st with
  | [] => Some total
  | ns :: rest =>
      match follow ns (fst total) with
      | None => None
      | Some (sums, extra) =>
          match replace (live_in rest) sums extra ns ([], snd total) with
          | None => None
          | Some total => back rest total
          end
      end
  end.

Lemma back_below st y : nonnegative y -> stack_ok st y -> forall total total', back st total = Some total' ->
  value2 total' y <= value2 total (act st y).
Proof.
  intros N. induction st as [|ns rest IH]; cbn [back act stack_ok]; intros H total total' E.
  - injection E as <-. lra.
  - destruct H as (K & LK & H).
    destruct (follow ns (fst total)) as [[sums extra]|] eqn:FO; [|discriminate].
    destruct (replace _ _ _ _ _) as [middle|] eqn:RE; [|discriminate].
    apply IH in E; [|assumption]. eapply Rle_trans; [exact E|].
    pose proof (follow_below ns _ _ _ _ K LK FO) as FB.
    eapply Rle_trans; [eapply replace_below; try eassumption; [apply act_nonnegative, N | apply live_in_vanishes, H]|].
    unfold value2. cbn [fst snd]. rewrite zdot_nil. lra.
Qed.

(** An affine function of the inputs: coefficients count 2^-F, the constant 2^-2F. *)
Definition bound := (list Z * Z)%type.
Definition value (b : bound) (y : list R) : R := S * zdot (fst b) y + IZR (snd b).

Definition shrink (total : list Z * Z) : bound := (map (fun q => Z.shiftr q F) (fst total), snd total).

Lemma shrink_value total y : nonnegative y -> value (shrink total) y <= value2 total y.
Proof.
  intros N. unfold value, value2, shrink. cbn [fst snd].
  pose proof (shrink_below F (fst total) F_nonneg y N). lra.
Qed.

(** L(z) or L(-z) of a neuron of the layer after these. *)
Definition neuron_bound (rest : stack) (n : neuron) (upper : bool) : option bound :=
  let t := Z.shiftl (if upper then -1 else 1) F in
  option_map shrink (back rest (add_row (live_in rest) t (fixed n) ([], 0%Z))).

Definition side_of (upper : bool) : R := if upper then -1 else 1.

Lemma neuron_bound_below rest n upper b y : nonnegative y -> stack_ok rest y -> neuron_ok (act rest y) n ->
  neuron_bound rest n upper = Some b ->
  value b y <= S * S * (side_of upper * at_row (exact n) (act rest y)).
Proof.
  intros N H [Fit _] E. unfold neuron_bound in E. destruct (back _ _) as [total|] eqn:B; [|discriminate].
  injection E as <-. eapply Rle_trans; [apply shrink_value, N|].
  eapply Rle_trans; [eapply back_below; eassumption|].
  eapply Rle_trans; [apply add_row_below; [exact Fit | apply act_nonnegative, N | apply live_in_vanishes, H]|].
  rewrite shiftl_exact by apply F_nonneg. unfold value2. cbn [fst snd]. rewrite zdot_nil.
  destruct upper; cbn [side_of]; lra.
Qed.

(** An affine function of the last activations and of the inputs, in rationals. *)
Record affine := Affine { on_last : list Q; on_points : list Q; constant : Q }.

Definition at_affine (a : affine) (st : stack) (y : list R) : R :=
  dot (on_last a) (act st y) + dot (on_points a) y + Q2R (constant a).

(** The same rounded down in multiples of 2^-2F. *)
Record fixed_affine := FixedAffine { sums_last : list Z; sums_points : list Z; sum_constant : Z }.

Definition fix_affine (a : affine) : fixed_affine :=
  FixedAffine (map (floor (F + F)) (on_last a)) (map (floor (F + F)) (on_points a)) (floor (F + F) (constant a)).

(** L of such a function. *)
Definition affine_bound (st : stack) (f : fixed_affine) : option bound :=
  match back st (sums_last f, sum_constant f) with
  | None => None
  | Some total => Some (shrink (axpy [] 1 (sums_points f) (fst total), snd total))
  end.

Lemma affine_bound_below st a b y : nonnegative y -> stack_ok st y ->
  affine_bound st (fix_affine a) = Some b -> value b y <= S * S * at_affine a st y.
Proof.
  intros N H E. unfold affine_bound in E. destruct (back _ _) as [total|] eqn:B; [|discriminate].
  injection E as <-. eapply Rle_trans; [apply shrink_value, N|].
  unfold value2. cbn [fst snd]. rewrite zdot_axpy by (destruct y; exact I).
  pose proof (back_below st y N H _ _ B) as BB. unfold value2 in BB. cbn [fst snd fix_affine sums_last sum_constant sums_points] in *.
  assert (FF : (0 <= F + F)%Z) by lia.
  pose proof (floors_below (F + F) (on_last a) FF _ (act_nonnegative st y N)).
  pose proof (floors_below (F + F) (on_points a) FF y N).
  pose proof (floor_below (F + F) (constant a) FF).
  rewrite power_add in * by lia. unfold at_affine. nra.
Qed.

(** ** Multipliers and minima *)

(** An input's interval: exact, and in multiples of 2^-F. *)
Record range := Range { lower : Q; upper : Q; lower_fixed : Z; upper_fixed : Z }.

Definition make_range (l u : Q) : range := Range l u (floor F l) (ceiling F u).

Definition range_ok (r : range) (x : R) : Prop :=
  Q2R (lower r) <= x <= Q2R (upper r) /\ IZR (lower_fixed r) <= S * x <= IZR (upper_fixed r).

Lemma make_range_ok l u x : Q2R l <= x <= Q2R u -> range_ok (make_range l u) x.
Proof.
  intros H. split; [exact H|]. cbn. pose proof (floor_below F l F_nonneg). pose proof (ceiling_above F u F_nonneg).
  pose proof S_pos. nra.
Qed.

Fixpoint least_sum (h : list Z) (box : list range) : Z :=
  match h, box with
  | q :: h, r :: box => Z.min (q * lower_fixed r) (q * upper_fixed r) + least_sum h box
  | _, _ => 0
  end%Z.

Lemma least_sum_below box y : Forall2 range_ok box y -> forall h, IZR (least_sum h box) <= S * zdot h y.
Proof.
  induction 1 as [|r x box y [_ Hr] _ IH]; intros [|q h]; cbn [least_sum zdot]; try lra.
  rewrite plus_IZR. specialize (IH h).
  assert (IZR (Z.min (q * lower_fixed r) (q * upper_fixed r)) <= IZR q * (S * x)).
  { destruct (Z.le_gt_cases 0 q) as [Hq|Hq].
    - apply Rle_trans with (IZR q * IZR (lower_fixed r)).
      + rewrite <- mult_IZR. apply IZR_le. lia.
      + apply IZR_le in Hq. nra.
    - apply Rle_trans with (IZR q * IZR (upper_fixed r)).
      + rewrite <- mult_IZR. apply IZR_le. lia.
      + apply IZR_lt in Hq. nra. }
  nra.
Qed.

(** A multiplier (2^-F) and the function that it multiplies. *)
Definition part := (Z * bound)%type.

Fixpoint combine_parts (parts : list part) (total : list Z * Z) : list Z * Z :=
  match parts with
  | [] => total
  | (m, b) :: parts => combine_parts parts (axpy [] m (fst b) (fst total), snd total + m * snd b)%Z
  end.

(** The minimum over the box of a sum of multiples of functions, in multiples of 2^-3F. *)
Definition minimum (box : list range) (parts : list part) : Z :=
  let total := combine_parts parts ([], 0%Z) in (snd total + least_sum (fst total) box)%Z.

Fixpoint sum_of (parts : list part) (y : list R) : R :=
  match parts with
  | [] => 0
  | (m, b) :: parts => IZR m * value b y + sum_of parts y
  end.

Lemma combine_parts_value parts : forall total y,
  S * zdot (fst (combine_parts parts total)) y + IZR (snd (combine_parts parts total))
  = sum_of parts y + (S * zdot (fst total) y + IZR (snd total)).
Proof.
  induction parts as [|[m b] parts IH]; intros total y; cbn [combine_parts sum_of]; [lra|].
  rewrite IH. cbn [fst snd]. rewrite zdot_axpy, plus_IZR, mult_IZR by (destruct y; exact I). unfold value. lra.
Qed.

Lemma minimum_below box y parts : Forall2 range_ok box y -> IZR (minimum box parts) <= sum_of parts y.
Proof.
  intros H. unfold minimum. rewrite plus_IZR. pose proof (combine_parts_value parts ([], 0%Z) y) as E.
  cbn [fst snd] in E. rewrite zdot_nil in E. pose proof (least_sum_below box y H (fst (combine_parts parts ([], 0%Z)))). lra.
Qed.

End Bits.
