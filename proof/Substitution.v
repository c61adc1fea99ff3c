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

(** The same of a neuron whose fixed row is about other values u (those of v that are not left out). *)
Definition neuron_at (u v : list R) (n : neuron) : Prop :=
  zdot (low (fixed n)) u + IZR (bias_low (fixed n)) <= S * at_row (exact n) v <= zdot (high (fixed n)) u + IZR (bias_high (fixed n))
  /\ knows n (at_row (exact n) v).

(** t times a pre-activation, from below: t counts 2^-F. *)
Definition add_row (t : Z) (f : fixed_row) (total : list Z * Z) : list Z * Z :=
  if (0 <=? t)%Z
  then (axpy t (low f) (fst total), snd total + t * bias_low f)%Z
  else (axpy t (high f) (fst total), snd total + t * bias_high f)%Z.

Definition value2 (total : list Z * Z) (v : list R) : R := zdot (fst total) v + IZR (snd total).

Lemma add_row_below t n total u v : neuron_at u v n ->
  value2 (add_row t (fixed n) total) u <= IZR t * (S * at_row (exact n) v) + value2 total u.
Proof.
  intros [H _]. unfold add_row, value2.
  destruct (0 <=? t)%Z eqn:T; cbn [fst snd]; rewrite zdot_axpy, plus_IZR, mult_IZR.
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
Fixpoint replace (sums extra : list Z) (ns : list neuron) (total : list Z * Z) : option (list Z * Z) :=
  match ns with
  | [] => Some total
  | n :: ns =>
      let c2 := first sums in
      let e := first extra in
      if ((c2 =? 0) && (e =? 0))%Z%bool then replace (tl sums) (tl extra) ns total
      else match line n (Z.shiftr c2 F) with
           | None => None
           | Some (t, k) =>
               let t := (t + e)%Z in
               let total := (fst total, (snd total + k)%Z) in
               replace (tl sums) (tl extra) ns
                 (if (t =? 0)%Z then total else add_row t (fixed n) total)
           end
  end.

Lemma replace_below u v ns : Forall (neuron_at u v) ns ->
  forall sums extra total total', replace sums extra ns total = Some total' ->
  value2 total' u <= zdot sums (relus ns v) + S * zdot extra (pre ns v) + value2 total u.
Proof.
  induction 1 as [|n ns NA _ IH]; intros sums extra total total' E; cbn [replace] in E.
  - injection E as <-. cbn. rewrite !zdot_empty. lra.
  - unfold relus, pre in *. cbn [map]. rewrite !zdot_first.
    set (z := at_row (exact n) v) in *. pose proof S_pos as P.
    destruct ((first sums =? 0) && (first extra =? 0))%Z%bool eqn:B.
    + apply andb_true_iff in B. destruct B as [B1 B2]. apply Z.eqb_eq in B1, B2. rewrite B1, B2.
      apply IH in E. lra.
    + destruct (line n (Z.shiftr (first sums) F)) as [[t k]|] eqn:L; [|discriminate].
      apply IH in E. pose proof (line_below n z _ t k (proj2 NA) L) as LB.
      pose proof (shiftr_below (first sums) F F_nonneg) as SB. fold S in SB.
      pose proof (Rmax_l 0 z) as M0.
      assert (C : IZR (Z.shiftr (first sums) F) * (S * Rmax 0 z) <= IZR (first sums) * Rmax 0 z).
      { rewrite <- Rmult_assoc. apply Rmult_le_compat_r; assumption. }
      assert (T : value2 (if (t + first extra =? 0)%Z then (fst total, (snd total + k)%Z)
                          else add_row (t + first extra) (fixed n) (fst total, (snd total + k)%Z)) u
                  <= IZR (t + first extra) * (S * z) + (value2 total u + IZR k)).
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

Lemma act_nonnegative st y : nonnegative y -> nonnegative (act st y).
Proof. destruct st; [auto|]. intros _. apply relus_nonnegative. Qed.

(** *** Packed layers: without inactive neurons and the columns of inactive neurons of the layer before

    Where a link is followed, places in the layer matter, and nothing is left out. *)

Definition undecided_link (n : neuron) : bool :=
  match sign n, link n with None, Some _ => true | _, _ => false end.

Definition has_links (ns : list neuron) : bool := existsb undecided_link ns.

Definition mask_of (ns : list neuron) : list bool := if has_links ns then [] else live_of ns.
Definition mask_in (st : stack) : list bool := match st with [] => [] | ns :: _ => mask_of ns end.

Definition pack_neuron (mask : list bool) (linked : bool) (n : neuron) : neuron :=
  let f := fixed n in
  Neuron (exact n) (FixedRow (keep mask (low f)) (keep mask (high f)) (bias_low f) (bias_high f)) (sign n) (least n) (most n)
    (chord n) (steep n) (if linked then link n else None).

Definition pack_layer (mask : list bool) (ns : list neuron) : list neuron :=
  map (pack_neuron mask (has_links ns)) (keep (mask_of ns) ns).

Fixpoint pack (st : stack) : stack :=
  match st with
  | [] => []
  | ns :: rest => pack_layer (mask_in rest) ns :: pack rest
  end.

(** The values that a packed stack is about. *)
Definition seen (st : stack) (y : list R) : list R := keep (mask_in st) (act st y).

Lemma mask_vanishes st y : stack_ok st y -> vanishes (mask_in st) (act st y).
Proof.
  destruct st as [|ns rest]; [intros _; exact I|]. intros [H _]. cbn [mask_in act]. unfold mask_of.
  destruct (has_links ns); [exact I|]. apply live_vanishes, H.
Qed.

Lemma pack_relus mask ns v : relus (pack_layer mask ns) v = keep (mask_of ns) (relus ns v).
Proof.
  unfold relus, pre, pack_layer. rewrite <- !keep_map, !map_map. reflexivity.
Qed.

Lemma pack_neuron_at rest y linked n : nonnegative y -> stack_ok rest y -> neuron_ok (act rest y) n ->
  neuron_at (seen rest y) (act rest y) (pack_neuron (mask_in rest) linked n).
Proof.
  intros N H [Fit K]. split; [|exact K]. unfold seen. cbn [pack_neuron fixed low high bias_low bias_high exact].
  rewrite !zdot_keep by (apply mask_vanishes, H). apply Fit, act_nonnegative, N.
Qed.

Lemma pack_layer_at rest ns y : nonnegative y -> stack_ok (ns :: rest) y ->
  Forall (neuron_at (seen rest y) (act rest y)) (pack_layer (mask_in rest) ns)
  /\ links_ok (pack_layer (mask_in rest) ns) (act rest y).
Proof.
  intros N (K & LK & H). unfold pack_layer. split.
  - apply Forall_map. apply keep_forall. eapply Forall_impl; [|exact K]. intros n. apply pack_neuron_at; assumption.
  - unfold mask_of. destruct (has_links ns).
    + replace (keep [] ns) with ns by (destruct ns; reflexivity).
      intros m i f Hm L. apply in_map_iff in Hm. destruct Hm as (n & <- & Hn). cbn [link exact pack_neuron] in *.
      destruct (LK n i f Hn L) as (w & Hw & E). exists (pack_neuron (mask_in rest) true w). split; [apply map_nth_error, Hw | exact E].
    + intros m i f Hm L. apply in_map_iff in Hm. destruct Hm as (n & <- & Hn). cbn [link pack_neuron] in L. discriminate.
Qed.

(** The replacement of undecided linked neurons comes first in a layer; it is in Links.v. Here it is any function that
    keeps sums from growing. *)
Variable follow : list neuron -> list Z -> option (list Z * list Z).
Hypothesis follow_below : forall ns v sums sums' extra,
  links_ok ns v -> follow ns sums = Some (sums', extra) ->
  zdot sums' (relus ns v) + S * zdot extra (pre ns v) <= zdot sums (relus ns v).

Fixpoint back (packed : stack) (total : list Z * Z) : option (list Z * Z) :=
  match packed with
  | [] => Some total
  | ns :: packed =>
      match follow ns (fst total) with
      | None => None
      | Some (sums, extra) =>
          match replace sums extra ns ([], snd total) with
          | None => None
          | Some total => back packed total
          end
      end
  end.

Lemma back_below st y : nonnegative y -> stack_ok st y -> forall total total', back (pack st) total = Some total' ->
  value2 total' y <= value2 total (seen st y).
Proof.
  intros N. induction st as [|ns rest IH]; cbn [pack back]; intros H total total' E.
  - injection E as <-. unfold seen. cbn [mask_in act]. destruct y; cbn [keep]; lra.
  - pose proof (pack_layer_at rest ns y N H) as [A L]. destruct H as (_ & _ & H).
    set (qs := pack_layer _ ns) in *.
    destruct (follow qs (fst total)) as [[sums extra]|] eqn:FO; [|discriminate].
    destruct (replace _ _ _ _) as [middle|] eqn:RE; [|discriminate].
    apply IH in E; [|assumption]. eapply Rle_trans; [exact E|].
    pose proof (follow_below qs _ _ _ _ L FO) as FB.
    eapply Rle_trans; [eapply replace_below; eassumption|].
    unfold seen at 2. cbn [mask_in act]. rewrite <- (pack_relus (mask_in rest)). fold qs.
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

Definition side_of (upper : bool) : R := if upper then -1 else 1.

(** z or -z of a neuron, from below, as a function of the values that a packed stack is about. *)
Definition start (mask : list bool) (n : neuron) (upper : bool) : list Z * Z :=
  let f := fixed n in
  if upper then (map (fun q => Z.shiftl (- q) F) (keep mask (high f)), Z.shiftl (- bias_high f) F)
  else (map (fun q => Z.shiftl q F) (keep mask (low f)), Z.shiftl (bias_low f) F).

Lemma zdot_shiftl w : forall v, zdot (map (fun q => Z.shiftl q F) w) v = S * zdot w v.
Proof. induction w as [|q w IH]; intros [|x v]; cbn [map zdot]; rewrite ?shiftl_exact, ?IH by exact F_nonneg; lra. Qed.

Lemma zdot_shiftl_opp w : forall v, zdot (map (fun q => Z.shiftl (- q) F) w) v = - (S * zdot w v).
Proof. induction w as [|q w IH]; intros [|x v]; cbn [map zdot]; rewrite ?shiftl_exact, ?IH, ?opp_IZR by exact F_nonneg; lra. Qed.

Lemma start_below rest n upper y : nonnegative y -> stack_ok rest y -> neuron_ok (act rest y) n ->
  value2 (start (mask_in rest) n upper) (seen rest y) <= S * S * (side_of upper * at_row (exact n) (act rest y)).
Proof.
  intros N H K. pose proof (pack_neuron_at rest y false n N H K) as [B _]. cbn [pack_neuron fixed low high bias_low bias_high exact] in B.
  pose proof S_pos as P. unfold start, value2. destruct upper; cbn [fst snd side_of].
  - rewrite zdot_shiftl_opp, shiftl_exact, opp_IZR by exact F_nonneg. nra.
  - rewrite zdot_shiftl, shiftl_exact by exact F_nonneg. nra.
Qed.

(** L(z) or L(-z) of a neuron of the layer after these, which are packed with this mask on top. *)
Definition neuron_bound (packed : stack) (mask : list bool) (n : neuron) (upper : bool) : option bound :=
  option_map shrink (back packed (start mask n upper)).

Lemma neuron_bound_below rest n upper b y : nonnegative y -> stack_ok rest y -> neuron_ok (act rest y) n ->
  neuron_bound (pack rest) (mask_in rest) n upper = Some b ->
  value b y <= S * S * (side_of upper * at_row (exact n) (act rest y)).
Proof.
  intros N H K E. unfold neuron_bound in E. destruct (back _ _) as [total|] eqn:B; [|discriminate].
  injection E as <-. eapply Rle_trans; [apply shrink_value, N|].
  eapply Rle_trans; [eapply back_below; eassumption | apply start_below; assumption].
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
Definition affine_bound (packed : stack) (mask : list bool) (f : fixed_affine) : option bound :=
  match back packed (keep mask (sums_last f), sum_constant f) with
  | None => None
  | Some total => Some (shrink (axpy 1 (sums_points f) (fst total), snd total))
  end.

Lemma affine_bound_below st a b y : nonnegative y -> stack_ok st y ->
  affine_bound (pack st) (mask_in st) (fix_affine a) = Some b -> value b y <= S * S * at_affine a st y.
Proof.
  intros N H E. unfold affine_bound in E. destruct (back _ _) as [total|] eqn:B; [|discriminate].
  injection E as <-. eapply Rle_trans; [apply shrink_value, N|].
  unfold value2. cbn [fst snd]. rewrite zdot_axpy.
  pose proof (back_below st y N H _ _ B) as BB. unfold value2, seen in BB. cbn [fst snd fix_affine sums_last sum_constant sums_points] in *.
  rewrite zdot_keep in BB by (apply mask_vanishes, H).
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

(** The sum of a function (2^-2F) and of parts, rounded down to 2^-2F. *)
Fixpoint combine_parts (parts : list part) (total : list Z * Z) : list Z * Z :=
  match parts with
  | [] => total
  | (m, b) :: parts => combine_parts parts (axpy m (fst b) (fst total), snd total + Z.shiftr (m * snd b) F)%Z
  end.

(** The minimum over the box of a function, in multiples of 2^-2F. *)
Definition least_value (box : list range) (b : bound) : Z := (snd b + least_sum (fst b) box)%Z.

Lemma least_value_below box y b : Forall2 range_ok box y -> IZR (least_value box b) <= value b y.
Proof.
  intros H. unfold least_value, value. rewrite plus_IZR. pose proof (least_sum_below box y H (fst b)). lra.
Qed.

(** The minimum over the box of a sum of a function and of multiples of functions. *)
Definition minimum (box : list range) (total : list Z * Z) (parts : list part) : Z :=
  least_value box (shrink (combine_parts parts total)).

Fixpoint sum_of (parts : list part) (y : list R) : R :=
  match parts with
  | [] => 0
  | (m, b) :: parts => IZR m * value b y + sum_of parts y
  end.

Lemma combine_parts_value y parts : forall total,
  S * value2 (combine_parts parts total) y <= sum_of parts y + S * value2 total y.
Proof.
  pose proof S_pos as P. induction parts as [|[m b] parts IH]; intros total; cbn [combine_parts sum_of]; [lra|].
  eapply Rle_trans; [apply IH|]. unfold value2, value. cbn [fst snd]. rewrite zdot_axpy, plus_IZR.
  pose proof (shiftr_below (m * snd b) F F_nonneg) as B. rewrite mult_IZR in B. fold S in B. nra.
Qed.

Lemma minimum_below box y total parts : nonnegative y -> Forall2 range_ok box y ->
  S * IZR (minimum box total parts) <= sum_of parts y + S * value2 total y.
Proof.
  intros N H. pose proof S_pos as P. eapply Rle_trans; [|apply combine_parts_value]. apply Rmult_le_compat_l; [lra|].
  unfold minimum. eapply Rle_trans; [apply least_value_below, H | apply shrink_value, N].
Qed.

End Bits.
