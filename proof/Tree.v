(** The records of a tree's nodes (docs/certificate-format.md, "Records of a node"), each with the lemma that justifies it. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms.
Import ListNotations.
Open Scope R_scope.

(** m·2^e. *)
Definition dyadic := (Z * Z)%type.
Definition dyadic_floor (bits : Z) (d : dyadic) : Z := Z.shiftl (fst d) (snd d + bits).
Definition dyadic_rational (d : dyadic) : Q :=
  if (0 <=? snd d)%Z then inject_Z (Z.shiftl (fst d) (snd d))
  else reduced (fst d # Z.to_pos (Z.shiftl 1 (- snd d))).

(** A row's name: whether it is a clip row, and its number. A multiplier: a row and a factor. *)
Definition name := (bool * nat)%type.
Definition multiplier := (name * dyadic)%type.

(** A neuron's place: the number of layers before it, its number in the layer, and its number through all layers. *)
Record place := Place { depth : nat; index : nat; number : nat }.

(** A bound that the certificate tells. *)
Record told := Told { told_at : place; is_upper : bool; told_value : dyadic; told_by : list multiplier }.

(** What a term names. *)
Inductive what :=
  | InputAtom (n : nat)
  | LowerEnd (j : nat)
  | UpperEnd (j : nat)
  | SignOf (k : place)
  | OutputAtom (n : nat) (is_sum : bool)
  | Assumed.

Definition term := (what * Z)%type.

Section Records.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.

(** Bases give multipliers (2^-F). Whatever they give is tested, so how they do it plays no part in the proof. *)
Variables raw_basis basis : Type.
Variable prepare : raw_basis -> list bound -> list bound -> option basis.
Variable refresh : basis -> list bound -> list bound -> basis.
Variable solve : list basis -> list range -> bound -> list (name * Z).

Inductive record :=
  | Bases (new : list raw_basis)
  | Bounds (fields : list told)
  | OneBound (field : told)
  | Refute (clause atom : nat) (by_ : list multiplier)
  | Joint (clause : nat) (factors : list dyadic) (by_ : list multiplier)
  | Empty (by_ : list multiplier)
  | Clip
  | Split (k : place)
  | Halve (j : nat) (v : dyadic)
  | Side (k : place) (plus : bool) (terms : list term)
  | Exact (clause : nat) (terms : list term)
  | Nowhere (terms : list term).

Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

(** An atom that involves outputs: its excess, exact and rounded down. *)
Record goal := Goal { excess : affine; excess_fixed : fixed_affine; is_strict : bool }.

Definition goal_true (st : stack) (y : list R) (g : goal) : Prop :=
  excess_fixed g = fix_affine F (excess g) /\ at_most_zero (is_strict g) (at_affine (excess g) st y).

Definition clause := (nat * list goal)%type.

(** The packed layers are kept once they are known. *)
Record state := State {
  layers : stack;
  memo : option { packed : stack | packed = pack layers };
  box : list range;
  split_rows : list bound;
  clip_rows : list bound;
  bases : list basis;
  left : list clause
}.

(** The atoms on inputs alone, and the point from which the inputs are counted; the same on the whole tree. *)
Variable facts : list constraint.
Variable origin : list Q.

Definition row_true (y : list R) (b : bound) : Prop := value b y <= 0.

(** The invariant: what a state says is true at y, and some clause that is left is true there. *)
Definition P (s : state) (y : list R) : Prop :=
  stack_ok F (layers s) y /\ Forall2 (range_ok F) (box s) y /\
  Forall (row_true y) (split_rows s) /\ Forall (row_true y) (clip_rows s) /\
  Exists (fun c => Forall (goal_true (layers s) y) (snd c)) (left s).

Definition packed_of (s : state) : stack :=
  match memo s with Some p => proj1_sig p | None => pack (layers s) end.

Lemma packed_of_eq s : packed_of s = pack (layers s).
Proof. unfold packed_of. destruct (memo s) as [[p E]|]; [exact E | reflexivity]. Qed.

Definition remember (s : state) : state :=
  State (layers s) (Some (exist _ (packed_of s) (packed_of_eq s))) (box s) (split_rows s) (clip_rows s) (bases s) (left s).

Lemma remember_P s y : P s y -> P (remember s) y.
Proof. intros H. exact H. Qed.

(** Layers, packed, and which of their activations the packed ones are about. *)
Record known := Known {
  of : stack;
  packed : stack;
  mask : list bool;
  packed_right : packed = pack of;
  mask_right : mask = mask_in of
}.

Definition know (st : stack) : known := Known st (pack st) (mask_in st) eq_refl eq_refl.
Definition known_of (s : state) : known := Known (layers s) (packed_of s) (mask_in (layers s)) (packed_of_eq s) eq_refl.

(** The next layer. *)
Definition know_next (k : known) (ns : list neuron) : known.
Proof.
  refine (Known (ns :: of k) (pack_layer (mask k) ns :: packed k) (mask_of ns) _ eq_refl).
  abstract (cbn [pack]; rewrite <- packed_right, <- mask_right; reflexivity).
Defined.

(** ** Multipliers *)

Definition find_row (s : state) (n : name) : option bound :=
  nth_error (if fst n then clip_rows s else split_rows s) (snd n).

Fixpoint parts_of (s : state) (ms : list (name * Z)) : option (list part) :=
  match ms with
  | [] => Some []
  | (n, m) :: ms =>
      match find_row s n, parts_of s ms with
      | Some b, Some parts => if (0 <=? m)%Z then Some ((m, b) :: parts) else None
      | _, _ => None
      end
  end.

Lemma find_row_true s y n b : P s y -> find_row s n = Some b -> row_true y b.
Proof.
  intros (_ & _ & A & C & _) E. apply nth_error_In in E. rewrite Forall_forall in A, C.
  destruct (fst n); auto.
Qed.

Lemma parts_of_sum s y : P s y -> forall ms parts, parts_of s ms = Some parts -> sum_of F parts y <= 0.
Proof.
  intros H. induction ms as [|[n m] ms IH]; intros parts E; cbn [parts_of] in E.
  - injection E as <-. cbn. lra.
  - destruct (find_row s n) as [b|] eqn:FR; [|discriminate]. destruct (parts_of s ms) as [ps|]; [|discriminate].
    destruct (0 <=? m)%Z eqn:M; [|discriminate]. injection E as <-. cbn [sum_of]. specialize (IH ps eq_refl).
    apply Z.leb_le in M. apply IZR_le in M. pose proof (find_row_true s y n b H FR) as T. unfold row_true in T.
    assert (IZR m * value b y <= 0) by nra. lra.
Qed.

Definition fixed_multipliers (ms : list multiplier) : list (name * Z) :=
  map (fun m => (fst m, dyadic_floor F (snd m))) ms.

(** "The minimum" of a function and of parts by a multiplier list, in multiples of 2^-2F. *)
Definition minimum_by (s : state) (total : list Z * Z) (functions : list part) (ms : list (name * Z)) : option Z :=
  option_map (fun parts => minimum F (box s) total (functions ++ parts)) (parts_of s ms).

Lemma sum_of_app a b y : sum_of F (a ++ b) y = sum_of F a y + sum_of F b y.
Proof. induction a as [|[m f] a IH]; cbn [app sum_of]; [lra|]. rewrite IH. lra. Qed.

Lemma minimum_by_below s y total functions ms m : P s y -> nonnegative y -> minimum_by s total functions ms = Some m ->
  S * IZR m <= sum_of F functions y + S * value2 total y.
Proof.
  intros H N E. unfold minimum_by in E. destruct (parts_of s ms) as [parts|] eqn:PO; [|discriminate].
  injection E as <-. pose proof H as (_ & B & _).
  eapply Rle_trans; [apply (minimum_below F F_nonneg); [exact N | exact B]|].
  rewrite sum_of_app. pose proof (parts_of_sum s y H ms parts PO). lra.
Qed.

Definition nothing : list Z * Z := ([], 0%Z).

(** A function with coefficients that count 2^-2F, as sums have them. *)
Definition widen (b : bound) : list Z * Z := (map (fun q => Z.shiftl q F) (fst b), snd b).

Lemma widen_value b y : value2 (widen b) y = value b y.
Proof. unfold value2, value, widen. cbn [fst snd]. rewrite zdot_shiftl by exact F_nonneg. reflexivity. Qed.

(** The minimum of one function by a multiplier list. *)
Definition minimum_of (s : state) (b : bound) (ms : list (name * Z)) : option Z := minimum_by s (widen b) [] ms.

Lemma minimum_of_below s y b ms m : P s y -> nonnegative y -> minimum_of s b ms = Some m -> IZR m <= value b y.
Proof.
  intros H N E. apply minimum_by_below with (y := y) in E; [|exact H | exact N]. rewrite widen_value in E. cbn [sum_of] in E.
  pose proof (S_pos F F_nonneg) as Sp. apply Rmult_le_reg_l with S; [exact Sp | lra].
Qed.

(** "The best minimum": by no multipliers, and by those of the basis that [solve] takes for the best. *)
Definition best_minimum (s : state) (b : bound) (ms : list multiplier) : option Z :=
  match ms with
  | [] =>
      let alone := least_value (box s) b in
      Some (match solve (bases s) (box s) b with
            | [] => alone
            | found => match minimum_of s b found with Some m => Z.max alone m | None => alone end
            end)
  | _ => minimum_of s b (fixed_multipliers ms)
  end.

Lemma best_minimum_below s y b ms m : P s y -> nonnegative y -> best_minimum s b ms = Some m -> IZR m <= value b y.
Proof.
  intros H N E. unfold best_minimum in E. destruct ms.
  - cbv zeta in E. injection E as <-. pose proof H as (_ & B & _).
    assert (A : IZR (least_value (box s) b) <= value b y) by (apply least_value_below; exact B).
    destruct (solve (bases s) (box s) b) as [|f found]; [exact A|].
    destruct (minimum_of s b (f :: found)) as [m|] eqn:M; [|exact A].
    apply minimum_of_below with (y := y) in M; [|exact H | exact N].
    destruct (Z.max_spec (least_value (box s) b) m) as [[_ ->]|[_ ->]]; assumption.
  - eapply minimum_of_below; eassumption.
Qed.

(** ** Neurons *)

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

Definition with_layers (s : state) (st : stack) : state :=
  State st None (box s) (split_rows s) (clip_rows s) (bases s) (left s).

Definition with_known (s : state) (k : known) : state :=
  State (of k) (Some (exist _ (packed k) (packed_right k))) (box s) (split_rows s) (clip_rows s) (bases s) (left s).

Lemma goal_same st st' y g : act st' y = act st y -> goal_true st y g -> goal_true st' y g.
Proof. intros E [H G]. split; [exact H|]. unfold at_affine in *. rewrite E. exact G. Qed.

Lemma with_layers_P s st y : P s y -> stack_ok F st y -> act st y = act (layers s) y -> P (with_layers s st) y.
Proof.
  intros (_ & B & A & C & G) H E. unfold P, with_layers. cbn [layers box split_rows clip_rows left].
  repeat (split; [assumption|]). apply Exists_exists in G. apply Exists_exists. destruct G as (c & Hc & G).
  exists c. split; [exact Hc|]. eapply Forall_impl; [|exact G]. intros g. apply goal_same, E.
Qed.

(** ** One bound of a neuron: lemma for [bounds], [lower], [upper] *)

Inductive outcome (A : Type) := Closed | Next (a : A).
Arguments Closed {A}.
Arguments Next {A} a.

Definition decide_in (i : nat) (d : option bool) (ns : list neuron) : list neuron :=
  match d with Some s => decide i s 0 ns | None => ns end.

(** A bound that is told or rounded to 7 bits, or the minimum where that is smaller: whatever is at most the minimum is true.
    Bounds one end of the neuron i of the layer ns after the layers rest. *)
Definition bound_at (s : state) (rest : known) (ns : list neuron) (i : nat) (upper : bool)
    (by_ : option (dyadic * list multiplier)) : option (outcome (list neuron)) :=
  match nth_error ns i with
  | None => None
  | Some n =>
      match neuron_bound (packed rest) (mask rest) n upper with
      | None => None
      | Some b =>
          match best_minimum s b (match by_ with Some (_, ms) => ms | None => [] end) with
          | None => None
          | Some m =>
              let v := Z.min m match by_ with
                       | Some (d, _) => dyadic_floor (F + F) (if upper then (- fst d)%Z else fst d, snd d)
                       | None => seven_bits m
                       end in
              Some (match tighten n upper (if upper then (- v)%Z else v) with
                    | None => Closed
                    | Some (n', d) => Next (decide_in i d (replace_nth i n' ns))
                    end)
          end
      end
  end.

Lemma bound_at_ok s y rest ns i upper by_ o : P s y -> nonnegative y ->
  stack_ok F (of rest) y -> Forall (neuron_ok F (act (of rest) y)) ns -> links_ok ns (act (of rest) y) ->
  bound_at s rest ns i upper by_ = Some o ->
  match o with
  | Closed => False
  | Next ns' => map frame ns' = map frame ns /\ Forall (neuron_ok F (act (of rest) y)) ns'
  end.
Proof.
  intros H N SO K LK E. unfold bound_at in E. destruct (nth_error ns i) as [n|] eqn:Hi; [|discriminate].
  destruct (neuron_bound _ _ n upper) as [b|] eqn:NB; [|discriminate]. rewrite packed_right, mask_right in NB.
  destruct (best_minimum s b _) as [m|] eqn:BM; [|discriminate]. cbv zeta in E.
  set (v := Z.min m _) in E. assert (V : (v <= m)%Z) by apply Z.le_min_l. clearbody v.
  assert (Kn : neuron_ok F (act (of rest) y) n) by (rewrite Forall_forall in K; apply K; eapply nth_error_In; exact Hi).
  pose proof (neuron_bound_below F F_nonneg follow (follow_below F F_nonneg) (of rest) n upper b y N SO Kn NB) as B.
  pose proof (best_minimum_below s y b _ m H N BM) as M.
  apply IZR_le in V.
  pose proof (S_pos F F_nonneg) as Sp. set (z := at_row (exact n) (act (of rest) y)) in *.
  assert (V' : IZR v <= S * S * (side_of upper * z)) by lra.
  assert (T : end_true upper (if upper then (- v)%Z else v) z).
  { unfold end_true, side_of in *. destruct upper; [rewrite opp_IZR|]; lra. }
  destruct Kn as [Fit Kz]. fold z in Kz.
  pose proof (tighten_ok n upper _ z Kz T) as TO.
  destruct (tighten n upper _) as [[n' d]|]; injection E as <-; [|exact TO].
  destruct TO as (Kn' & Fr & D).
  pose proof (replace_nth_frame n' ns i n Hi Fr) as MF.
  assert (Ex : exact n' = exact n) by (unfold frame in Fr; congruence).
  assert (K1 : Forall (neuron_ok F (act (of rest) y)) (replace_nth i n' ns)).
  { apply replace_nth_all; [exact K|]. unfold neuron_ok. replace (fixed n') with (fixed n) by (unfold frame in Fr; congruence).
    rewrite Ex. split; assumption. }
  destruct d as [sg|]; cbn [decide_in]; [|split; assumption].
  split; [rewrite decide_frame; exact MF|].
  apply (decide_ok (act (of rest) y) (replace_nth i n' ns) i sg z); auto.
  - eapply same_links; eassumption.
  - intros q Hq. pose proof (map_nth_error frame _ _ Hq) as Hq'. rewrite MF, nth_error_map, Hi in Hq'. cbn in Hq'.
    unfold frame in Hq'. injection Hq' as Q1 _ _. unfold z. rewrite Q1. reflexivity.
Qed.

(** ** [bounds]: the intervals of all neurons that are free, in order *)

Definition free (n : neuron) : bool := match sign n, link n with None, None => true | _, _ => false end.

Definition bounds_turn (s : state) (rest : known) (start i : nat) (upper : bool) (ns : list neuron) (fields : list told)
    : option (outcome (list neuron * list told)) :=
  match nth_error ns i with
  | None => None
  | Some n =>
      if free n then
        let here := match fields with
                    | t :: _ => (number (told_at t) =? start + i)%nat && Bool.eqb (is_upper t) upper
                    | [] => false
                    end in
        let by_ := match fields with t :: _ => if here then Some (told_value t, told_by t) else None | [] => None end in
        let fields := if here then tl fields else fields in
        match bound_at s rest ns i upper by_ with
        | None => None
        | Some Closed => match fields with [] => Some Closed | _ => None end
        | Some (Next ns) => Some (Next (ns, fields))
        end
      else Some (Next (ns, fields))
  end.

Fixpoint bounds_layer (s : state) (rest : known) (start : nat) (todo : list nat) (ns : list neuron) (fields : list told)
    : option (outcome (list neuron * list told)) :=
  match todo with
  | [] => Some (Next (ns, fields))
  | i :: todo =>
      match bounds_turn s rest start i false ns fields with
      | Some (Next (ns, fields)) =>
          match bounds_turn s rest start i true ns fields with
          | Some (Next (ns, fields)) => bounds_layer s rest start todo ns fields
          | other => other
          end
      | other => other
      end
  end.

Fixpoint bounds_stack (s : state) (st : stack) (fields : list told) : option (outcome (known * list told * nat)) :=
  match st with
  | [] => Some (Next (know [], fields, O))
  | ns :: rest =>
      match bounds_stack s rest fields with
      | Some (Next (rest, fields, start)) =>
          match bounds_layer s rest start (seq 0 (length ns)) ns fields with
          | Some (Next (ns, fields)) => Some (Next (know_next rest ns, fields, (start + length ns)%nat))
          | Some Closed => Some Closed
          | None => None
          end
      | other => other
      end
  end.

Lemma bounds_turn_ok s y rest start i upper ns fields o : P s y -> nonnegative y ->
  stack_ok F (of rest) y -> Forall (neuron_ok F (act (of rest) y)) ns -> links_ok ns (act (of rest) y) ->
  bounds_turn s rest start i upper ns fields = Some o ->
  match o with
  | Closed => False
  | Next (ns', _) => map frame ns' = map frame ns /\ Forall (neuron_ok F (act (of rest) y)) ns'
  end.
Proof.
  intros H N SO K LK E. unfold bounds_turn in E. destruct (nth_error ns i) as [n|]; [|discriminate].
  destruct (free n); [|injection E as <-; auto]. cbv zeta in E.
  destruct (bound_at _ _ _ _ _ _) as [[|ns']|] eqn:B; [| |discriminate].
  - contradiction (bound_at_ok _ y _ _ _ _ _ _ H N SO K LK B).
  - injection E as <-. exact (bound_at_ok _ y _ _ _ _ _ _ H N SO K LK B).
Qed.

Lemma bounds_layer_ok s y rest start todo : P s y -> nonnegative y -> stack_ok F (of rest) y -> forall ns fields o,
  Forall (neuron_ok F (act (of rest) y)) ns -> links_ok ns (act (of rest) y) ->
  bounds_layer s rest start todo ns fields = Some o ->
  match o with
  | Closed => False
  | Next (ns', _) => map frame ns' = map frame ns /\ Forall (neuron_ok F (act (of rest) y)) ns'
  end.
Proof.
  intros H N SO. induction todo as [|i todo IH]; intros ns fields o K LK E; cbn [bounds_layer] in E.
  { injection E as <-. auto. }
  destruct (bounds_turn s rest start i false ns fields) as [[|[ns1 f1]]|] eqn:B1; [| |discriminate].
  { contradiction (bounds_turn_ok _ y _ _ _ _ _ _ _ H N SO K LK B1). }
  pose proof (bounds_turn_ok _ y _ _ _ _ _ _ _ H N SO K LK B1) as [M1 K1].
  pose proof (same_links _ _ _ M1 LK) as LK1.
  destruct (bounds_turn s rest start i true ns1 f1) as [[|[ns2 f2]]|] eqn:B2; [| |discriminate].
  { contradiction (bounds_turn_ok _ y _ _ _ _ _ _ _ H N SO K1 LK1 B2). }
  pose proof (bounds_turn_ok _ y _ _ _ _ _ _ _ H N SO K1 LK1 B2) as [M2 K2].
  pose proof (same_links _ _ _ M2 LK1) as LK2.
  specialize (IH ns2 f2 o K2 LK2 E). destruct o as [|[ns' f']]; [exact IH|]. rewrite M2, M1 in IH. exact IH.
Qed.

Lemma bounds_stack_ok s y : P s y -> nonnegative y -> forall st fields o, stack_ok F st y ->
  bounds_stack s st fields = Some o ->
  match o with
  | Closed => False
  | Next (k, _, _) => stack_ok F (of k) y /\ act (of k) y = act st y
  end.
Proof.
  intros H N. induction st as [|ns rest IH]; intros fields o SO E; cbn [bounds_stack] in E.
  { injection E as <-. auto. }
  destruct SO as (K & LK & SO).
  destruct (bounds_stack s rest fields) as [[|[[rest' f1] start]]|] eqn:B; [| |discriminate].
  { exact (False_ind _ (IH _ _ SO B)). }
  specialize (IH _ _ SO B). destruct IH as [SO' AE]. rewrite <- AE in K, LK.
  destruct (bounds_layer s rest' start _ ns f1) as [[|[ns' f2]]|] eqn:BL; [| |discriminate].
  { contradiction (bounds_layer_ok _ y _ _ _ H N SO' _ _ _ K LK BL). }
  injection E as <-. pose proof (bounds_layer_ok _ y _ _ _ H N SO' _ _ _ K LK BL) as [M K'].
  cbn [know_next of stack_ok act]. split; [split; [exact K' | split; [eapply same_links; eassumption | exact SO']]|].
  rewrite AE. apply same_relus, M.
Qed.

(** ** Clauses: [refute], [joint], [empty], [clip] *)

Fixpoint take_clause (k : nat) (cs : list clause) : option (list goal * list clause) :=
  match cs with
  | [] => None
  | (i, gs) :: cs =>
      if (i =? k)%nat then Some (gs, cs)
      else option_map (fun found => (fst found, (i, gs) :: snd found)) (take_clause k cs)
  end.

Lemma take_clause_exists (Q : list goal -> Prop) k : forall cs gs cs', take_clause k cs = Some (gs, cs') ->
  Exists (fun c => Q (snd c)) cs -> Q gs \/ Exists (fun c => Q (snd c)) cs'.
Proof.
  induction cs as [|[i g] cs IH]; intros gs cs' E X; cbn [take_clause] in E; [discriminate|].
  destruct (i =? k)%nat.
  - injection E as <- <-. apply Exists_cons in X. exact X.
  - destruct (take_clause k cs) as [[g1 c1]|]; [|discriminate]. cbn in E. injection E as <- <-.
    apply Exists_cons in X. destruct X as [X|X]; [right; apply Exists_cons_hd, X|].
    destruct (IH _ _ eq_refl X) as [Y|Y]; [left; exact Y | right; apply Exists_cons_tl, Y].
Qed.

Definition with_left (s : state) (cs : list clause) : state :=
  State (layers s) (memo s) (box s) (split_rows s) (clip_rows s) (bases s) cs.

Lemma with_left_P s y k gs cs : P s y -> take_clause k (left s) = Some (gs, cs) ->
  ~ Forall (goal_true (layers s) y) gs -> P (with_left s cs) y.
Proof.
  intros (SO & B & A & C & G) T NG. unfold P, with_left. cbn [layers box split_rows clip_rows left].
  repeat (split; [assumption|]). destruct (take_clause_exists _ _ _ _ _ T G) as [X|X]; [contradiction | exact X].
Qed.

Definition falsified (strictly : bool) (m : Z) : bool := (0 <? m)%Z || (m =? 0)%Z && strictly.

Lemma falsified_false strictly m e : falsified strictly m = true -> IZR m <= e -> at_most_zero strictly e -> False.
Proof.
  intros H M E. unfold falsified in H. apply orb_true_iff in H. destruct H as [H|H].
  - apply Z.ltb_lt in H. apply IZR_lt in H. destruct strictly; cbn [at_most_zero] in E; lra.
  - apply andb_true_iff in H. destruct H as [H ->]. apply Z.eqb_eq in H. subst. cbn [at_most_zero] in E. lra.
Qed.

(** L of a goal's excess. *)
Definition goal_bound (k : known) (g : goal) : option bound := affine_bound (packed k) (mask k) (excess_fixed g).

Lemma goal_bound_true s y g b : P s y -> nonnegative y -> goal_true (layers s) y g ->
  goal_bound (known_of s) g = Some b -> at_most_zero (is_strict g) (value b y).
Proof.
  intros (SO & _) N [Fx G] E. unfold goal_bound in E. rewrite Fx, packed_right, mask_right in E. cbn [of known_of] in E.
  pose proof (affine_bound_below F F_nonneg follow (follow_below F F_nonneg) (layers s) (excess g) b y N SO E) as B.
  pose proof (S_pos F F_nonneg) as Sp. assert (0 < S * S) by nra.
  destruct (is_strict g); cbn [at_most_zero] in *; nra.
Qed.

Definition refute (s : state) (k atom : nat) (ms : list multiplier) : option state :=
  match take_clause k (left s) with
  | None => None
  | Some (gs, cs) =>
      match nth_error gs atom with
      | None => None
      | Some g =>
          match goal_bound (known_of s) g with
          | None => None
          | Some b =>
              match best_minimum s b ms with
              | None => None
              | Some m => if falsified (is_strict g) m then Some (with_left s cs) else None
              end
          end
      end
  end.

Lemma refute_ok s y k atom ms s' : P s y -> nonnegative y -> refute s k atom ms = Some s' -> P s' y.
Proof.
  intros H N E. unfold refute in E. destruct (take_clause k (left s)) as [[gs cs]|] eqn:T; [|discriminate].
  destruct (nth_error gs atom) as [g|] eqn:Hg; [|discriminate].
  destruct (goal_bound _ _) as [b|] eqn:AB; [|discriminate].
  destruct (best_minimum s b ms) as [m|] eqn:BM; [|discriminate].
  destruct (falsified (is_strict g) m) eqn:FS; [|discriminate]. injection E as <-.
  eapply with_left_P; [exact H | exact T |]. intros A. rewrite Forall_forall in A.
  pose proof (goal_bound_true s y g b H N (A g (nth_error_In _ _ Hg)) AB) as V.
  pose proof (best_minimum_below s y b ms m H N BM) as M.
  eapply falsified_false; [exact FS | exact M |]. pose proof (S_pos F F_nonneg) as Sp.
  destruct (is_strict g); cbn [at_most_zero] in *; nra.
Qed.

(** The excesses of atoms with their factors (2^-F), and whether a strict one takes part. *)
Fixpoint goal_parts (k : known) (ms : list Z) (gs : list goal) : option (list part * bool) :=
  match ms, gs with
  | [], [] => Some ([], false)
  | m :: ms, g :: gs =>
      match goal_parts k ms gs with
      | None => None
      | Some (parts, strictly) =>
          if (m =? 0)%Z then Some (parts, strictly)
          else if (m <? 0)%Z then None
          else option_map (fun b => ((m, b) :: parts, is_strict g || strictly)) (goal_bound k g)
      end
  | _, _ => None
  end.

Lemma goal_parts_true s y : P s y -> nonnegative y -> forall gs ms parts strictly,
  Forall (goal_true (layers s) y) gs -> goal_parts (known_of s) ms gs = Some (parts, strictly) ->
  at_most_zero strictly (sum_of F parts y).
Proof.
  intros H N. induction gs as [|g gs IH]; intros [|m ms] parts strictly A E; cbn [goal_parts] in E; try discriminate.
  - injection E as <- <-. cbn. lra.
  - inversion A as [|? ? A1 A2]; subst.
    destruct (goal_parts (known_of s) ms gs) as [[ps st0]|] eqn:GP; [|discriminate].
    specialize (IH ms ps st0 A2 GP). destruct (m =? 0)%Z eqn:M0; [injection E as <- <-; exact IH|].
    destruct (m <? 0)%Z eqn:M; [discriminate|].
    destruct (goal_bound _ _) as [b|] eqn:AB; [|discriminate]. cbn in E. injection E as <- <-.
    pose proof (goal_bound_true s y g b H N A1 AB) as V. cbn [sum_of].
    apply Z.eqb_neq in M0. apply Z.ltb_ge in M. assert (Mp : 0 < IZR m) by (apply IZR_lt; lia).
    destruct (is_strict g), st0; cbn [at_most_zero orb] in *.
    + assert (IZR m * value b y < 0) by nra. lra.
    + assert (IZR m * value b y < 0) by nra. lra.
    + assert (IZR m * value b y <= 0) by nra. lra.
    + assert (IZR m * value b y <= 0) by nra. lra.
Qed.

Lemma nothing_by_below s y parts ms m : P s y -> nonnegative y -> minimum_by s nothing parts ms = Some m ->
  S * IZR m <= sum_of F parts y.
Proof.
  intros H N E. apply minimum_by_below with (y := y) in E; [|exact H | exact N].
  unfold value2, nothing in E. cbn [fst snd] in E. rewrite zdot_nil in E. lra.
Qed.

Definition joint (s : state) (k : nat) (factors : list dyadic) (ms : list multiplier) : option state :=
  match take_clause k (left s) with
  | None => None
  | Some (gs, cs) =>
      match goal_parts (known_of s) (map (dyadic_floor F) factors) gs with
      | None => None
      | Some (parts, strictly) =>
          match minimum_by s nothing parts (fixed_multipliers ms) with
          | None => None
          | Some m => if falsified strictly m then Some (with_left s cs) else None
          end
      end
  end.

Lemma joint_ok s y k factors ms s' : P s y -> nonnegative y -> joint s k factors ms = Some s' -> P s' y.
Proof.
  intros H N E. unfold joint in E. destruct (take_clause k (left s)) as [[gs cs]|] eqn:T; [|discriminate].
  destruct (goal_parts _ _ _) as [[parts strictly]|] eqn:GP; [|discriminate].
  destruct (minimum_by _ _ _ _) as [m|] eqn:MB; [|discriminate].
  destruct (falsified strictly m) eqn:FS; [|discriminate]. injection E as <-.
  eapply with_left_P; [exact H | exact T |]. intros A.
  pose proof (goal_parts_true s y H N gs _ _ _ A GP) as V. pose proof (nothing_by_below s y parts _ m H N MB) as M.
  pose proof (S_pos F F_nonneg) as Sp.
  eapply falsified_false; [exact FS | apply Rmult_le_reg_l with S; [exact Sp | apply Rle_trans with (1 := M)] | ].
  2: { instantiate (1 := sum_of F parts y / S). destruct strictly; cbn [at_most_zero] in *.
       - apply Rmult_lt_reg_r with S; [exact Sp|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
       - apply Rmult_le_reg_r with S; [exact Sp|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  right. field. lra.
Qed.

Definition is_empty (s : state) (ms : list multiplier) : bool :=
  match minimum_by s nothing [] (fixed_multipliers ms) with Some m => (0 <? m)%Z | None => false end.

Lemma is_empty_ok s y ms : P s y -> nonnegative y -> is_empty s ms = true -> False.
Proof.
  intros H N E. unfold is_empty in E. destruct (minimum_by _ _ _ _) as [m|] eqn:MB; [|discriminate].
  apply Z.ltb_lt in E. apply IZR_lt in E. pose proof (nothing_by_below s y [] _ m H N MB) as M. cbn [sum_of] in M.
  pose proof (S_pos F F_nonneg) as Sp. nra.
Qed.

Fixpoint all_bounds (k : known) (gs : list goal) : option (list bound) :=
  match gs with
  | [] => Some []
  | g :: gs =>
      match goal_bound k g, all_bounds k gs with
      | Some b, Some bs => Some (b :: bs)
      | _, _ => None
      end
  end.

Definition clip (s : state) : option state :=
  match left s with
  | [(_, gs)] =>
      match all_bounds (known_of s) gs with
      | None => None
      | Some rows =>
          Some (State (layers s) (memo s) (box s) (split_rows s) rows
                  (map (fun q => refresh q (split_rows s) rows) (bases s)) (left s))
      end
  | _ => None
  end.

Lemma all_bounds_true s y : P s y -> nonnegative y -> forall gs bs, Forall (goal_true (layers s) y) gs ->
  all_bounds (known_of s) gs = Some bs -> Forall (row_true y) bs.
Proof.
  intros H N. induction gs as [|g gs IH]; intros bs A E; cbn [all_bounds] in E.
  - injection E as <-. constructor.
  - destruct (goal_bound _ _) as [b|] eqn:AB; [|discriminate]. destruct (all_bounds _ gs) as [bs0|]; [|discriminate].
    injection E as <-. inversion A as [|? ? A1 A2]; subst. constructor; [|apply IH; auto].
    pose proof (goal_bound_true s y g b H N A1 AB) as V. unfold row_true. destruct (is_strict g); cbn [at_most_zero] in V; lra.
Qed.

Lemma clip_ok s y s' : P s y -> nonnegative y -> clip s = Some s' -> P s' y.
Proof.
  intros H N E. unfold clip in E. destruct (left s) as [|[k gs] [|]] eqn:L; try discriminate.
  destruct (all_bounds (known_of s) gs) as [rows|] eqn:AB; [|discriminate]. injection E as <-.
  pose proof H as (SO & B & A & C & G). unfold P. cbn [layers box split_rows clip_rows left]. rewrite L in G.
  repeat (split; [assumption|]). split; [|exact G].
  apply Exists_cons in G. destruct G as [G|G]; [|inversion G]. eapply all_bounds_true; eassumption.
Qed.

(** ** [split] *)

(** Children get the last 100 bases. *)
Definition last_bases (s : state) : list basis := skipn (length (bases s) - 100) (bases s).

Definition signed (n : neuron) : bool := match sign n with Some _ => true | None => false end.

Definition half (s : state) (k : place) (rest : known) (ns : list neuron) (n : neuron) (active : bool) : option state :=
  option_map (fun b => State (set_layer (depth k) (decide (index k) active 0 ns) (layers s)) None (box s)
                             (split_rows s ++ [b]) (clip_rows s) (last_bases s) (left s))
             (neuron_bound (packed rest) (mask rest) n active).

Definition split (s : state) (k : place) : option (state * state) :=
  match at_depth (depth k) (layers s) with
  | None => None
  | Some (ns, rest) =>
      match nth_error ns (index k) with
      | None => None
      | Some n =>
          if free n && forallb (forallb signed) rest
          then let rest := know rest in match half s k rest ns n true, half s k rest ns n false with
               | Some a, Some b => Some (a, b)
               | _, _ => None
               end
          else None
      end
  end.

(** A neuron gets a sign that it has. *)
Lemma decide_P s y k ns rest n sg : P s y -> at_depth (depth k) (layers s) = Some (ns, rest) ->
  nth_error ns (index k) = Some n -> agrees sg (at_row (exact n) (act rest y)) ->
  let st := set_layer (depth k) (decide (index k) sg 0 ns) (layers s) in
  stack_ok F st y /\ act st y = act (layers s) y.
Proof.
  intros (SO & _) AD Hn G. destruct (at_depth_ok y _ _ _ _ SO AD) as (K & LK & SR).
  pose proof (decide_frame (index k) sg ns 0) as DF.
  assert (K' : Forall (neuron_ok F (act rest y)) (decide (index k) sg 0 ns)).
  { apply (decide_ok (act rest y) ns (index k) sg (at_row (exact n) (act rest y))); auto. intros m Hm. congruence. }
  split; [eapply set_layer_ok; eassumption | eapply set_layer_act; eassumption].
Qed.

Lemma half_ok s y k rest ns n active s' : P s y -> nonnegative y ->
  at_depth (depth k) (layers s) = Some (ns, rest) -> nth_error ns (index k) = Some n ->
  agrees active (at_row (exact n) (act rest y)) -> half s k (know rest) ns n active = Some s' -> P s' y.
Proof.
  intros H N AD Hn G E. unfold half in E. cbn [packed mask know] in E. destruct (neuron_bound _ _ n active) as [b|] eqn:NB; [|discriminate].
  cbn [option_map] in E. injection E as <-. destruct (decide_P s y k ns rest n active H AD Hn G) as [SO' AE].
  pose proof H as (SO & B & A & C & X). destruct (at_depth_ok y _ _ _ _ SO AD) as (K & LK & SR).
  assert (Kn : neuron_ok F (act rest y) n) by (rewrite Forall_forall in K; apply K; eapply nth_error_In; exact Hn).
  pose proof (neuron_bound_below F F_nonneg follow (follow_below F F_nonneg) rest n active b y N SR Kn NB) as V.
  unfold P. cbn [layers box split_rows clip_rows left]. split; [exact SO'|]. split; [exact B|]. split; [|split; [exact C|]].
  - apply Forall_app. split; [exact A|]. constructor; [|constructor]. unfold row_true.
    pose proof (S_pos F F_nonneg) as Sp. assert (0 < S * S) by nra. unfold agrees, side_of in *.
    destruct active; nra.
  - apply Exists_exists in X. apply Exists_exists. destruct X as (c & Hc & X). exists c. split; [exact Hc|].
    eapply Forall_impl; [|exact X]. intros g. apply goal_same, AE.
Qed.

Lemma split_ok s y k a b : P s y -> nonnegative y -> split s k = Some (a, b) -> P a y \/ P b y.
Proof.
  intros H N E. unfold split in E. destruct (at_depth _ _) as [[ns rest]|] eqn:AD; [|discriminate].
  destruct (nth_error ns (index k)) as [n|] eqn:Hn; [|discriminate].
  destruct (free n && _); [|discriminate].
  cbv zeta in E. destruct (half s k (know rest) ns n true) as [a'|] eqn:HA; [|discriminate].
  destruct (half s k (know rest) ns n false) as [b'|] eqn:HB; [|discriminate]. injection E as <- <-.
  destruct (Rle_dec 0 (at_row (exact n) (act rest y))) as [G|G].
  - left. exact (half_ok s y k rest ns n true a' H N AD Hn G HA).
  - right. exact (half_ok s y k rest ns n false b' H N AD Hn (Rlt_le _ _ (Rnot_le_lt _ _ G)) HB).
Qed.

(** ** [halve] *)

Fixpoint set_range (j : nat) (r : range) (b : list range) {struct b} : list range :=
  match b, j with
  | [], _ => []
  | _ :: b, O => r :: b
  | q :: b, Datatypes.S j => q :: set_range j r b
  end.

Lemma set_range_ok r : forall b y j, Forall2 (range_ok F) b y -> range_ok F r (nth j y 0) ->
  Forall2 (range_ok F) (set_range j r b) y.
Proof.
  induction b as [|q b IH]; intros y j H R; inversion H; subst; cbn [set_range]; [constructor|].
  destruct j as [|j]; cbn [nth] in R; constructor; auto.
Qed.

Lemma range_nth : forall b y j r, Forall2 (range_ok F) b y -> nth_error b j = Some r -> range_ok F r (nth j y 0).
Proof.
  induction b as [|q b IH]; intros y j r H E; inversion H; subst; destruct j; cbn in *; try discriminate.
  - injection E as <-. assumption.
  - eapply IH; eassumption.
Qed.

Definition with_box (s : state) (b : list range) : state :=
  State (layers s) (memo s) b (split_rows s) (clip_rows s) (last_bases s) (left s).

Definition halve (s : state) (j : nat) (v : dyadic) : option (state * state) :=
  match nth_error (box s) j with
  | None => None
  | Some r =>
      let q := qadd (dyadic_rational v) (- nth j origin 0%Q) in
      if positive (qadd q (- lower r)) && positive (qadd (upper r) (- q))
      then Some (with_box s (set_range j (make_range F (lower r) q) (box s)),
                 with_box s (set_range j (make_range F q (upper r)) (box s)))
      else None
  end.

Lemma with_box_P s y b : P s y -> Forall2 (range_ok F) b y -> P (with_box s b) y.
Proof. intros (SO & B & R) H. unfold P, with_box. cbn [layers box split_rows clip_rows left]. auto. Qed.

Lemma halve_ok s y j v a b : P s y -> halve s j v = Some (a, b) -> P a y \/ P b y.
Proof.
  intros H E. unfold halve in E. destruct (nth_error (box s) j) as [r|] eqn:Hr; [|discriminate]. cbv zeta in E.
  set (q := qadd (dyadic_rational v) _) in *. destruct (_ && _); [|discriminate]. injection E as <- <-.
  pose proof H as (_ & B & _). destruct (range_nth _ _ _ _ B Hr) as [R _].
  destruct (Rle_dec (nth j y 0) (Q2R q)) as [G|G].
  - left. apply with_box_P; [exact H|]. apply set_range_ok; [exact B|]. apply make_range_ok; [exact F_nonneg|]. lra.
  - right. apply with_box_P; [exact H|]. apply set_range_ok; [exact B|]. apply make_range_ok; [exact F_nonneg|]. lra.
Qed.

(** ** [side], [exact], [nowhere] *)

(** z or -z of a neuron by signs. *)
Definition signed_row (plus : bool) (r : row) : row :=
  if plus then r else Row (map Qopp (weights r)) (- bias r).

Lemma dot_opp w : forall v, dot (map Qopp w) v = - dot w v.
Proof. induction w as [|q w IH]; intros [|x v]; cbn [map dot]; try lra. rewrite Q2R_opp, IH. lra. Qed.

Lemma signed_row_eq plus r v : at_row (signed_row plus r) v = if plus then at_row r v else - at_row r v.
Proof. destruct plus; [reflexivity|]. unfold signed_row, at_row. cbn [weights bias]. rewrite dot_opp, Q2R_opp. lra. Qed.

(** The constraint that a term names, where these goals are assumed and this constraint. *)
Definition constraint_of (s : state) (gs : list goal) (assumed : option constraint) (w : what) : option constraint :=
  match w with
  | InputAtom n => nth_error facts n
  | LowerEnd j => option_map (fun r => (Row (unit j (-1 # 1)) (lower r), false)) (nth_error (box s) j)
  | UpperEnd j => option_map (fun r => (Row (unit j (1 # 1)) (- upper r), false)) (nth_error (box s) j)
  | SignOf k =>
      match at_depth (depth k) (layers s) with
      | None => None
      | Some (ns, rest) =>
          match nth_error ns (index k) with
          | None => None
          | Some n =>
              match sign n with
              | None => None
              | Some sg => option_map (fun r => (r, false)) (below false rest (signed_row (negb sg) (exact n)))
              end
          end
      end
  | OutputAtom n is_sum =>
      match nth_error gs n with
      | None => None
      | Some g =>
          option_map (fun r => (Row (qaxpy 1 (on_points (excess g)) (weights r)) (bias r), is_strict g))
                     (below is_sum (layers s) (Row (on_last (excess g)) (constant (excess g))))
      end
  | Assumed => assumed
  end.

Lemma constraint_of_true s y gs assumed w c : P s y -> Forall (constraint_true y) facts ->
  Forall (goal_true (layers s) y) gs -> (forall a, assumed = Some a -> constraint_true y a) ->
  constraint_of s gs assumed w = Some c -> constraint_true y c.
Proof.
  intros H FA GA AA E. pose proof H as (SO & B & _). unfold constraint_true. destruct w; cbn [constraint_of] in E.
  - apply nth_error_In in E. rewrite Forall_forall in FA. apply FA, E.
  - destruct (nth_error (box s) j) as [r|] eqn:Hr; [|discriminate]. cbn in E. injection E as <-.
    destruct (range_nth _ _ _ _ B Hr) as [R _]. cbn [fst snd at_most_zero]. unfold at_row. cbn [weights bias].
    rewrite unit_dot. replace (Q2R (-1 # 1)) with (-1) by (unfold Q2R; cbn; lra). lra.
  - destruct (nth_error (box s) j) as [r|] eqn:Hr; [|discriminate]. cbn in E. injection E as <-.
    destruct (range_nth _ _ _ _ B Hr) as [R _]. cbn [fst snd at_most_zero]. unfold at_row. cbn [weights bias].
    rewrite unit_dot, Q2R_opp. replace (Q2R (1 # 1)) with 1 by (unfold Q2R; cbn; lra). lra.
  - destruct (at_depth (depth k) (layers s)) as [[ns rest]|] eqn:AD; [|discriminate].
    destruct (nth_error ns (index k)) as [n|] eqn:Hn; [|discriminate].
    destruct (sign n) as [sg|] eqn:Sg; [|discriminate]. destruct (below _ _ _) as [r|] eqn:BE; [|discriminate].
    cbn in E. injection E as <-. destruct (at_depth_ok y _ _ _ _ SO AD) as (K & LK & SR).
    rewrite Forall_forall in K. destruct (K n (nth_error_In _ _ Hn)) as [_ (A & I & _)].
    pose proof (below_below F rest y SR _ _ _ BE) as BB. rewrite signed_row_eq in BB. cbn [fst snd at_most_zero].
    destruct sg; cbn [negb] in BB; [specialize (A Sg) | specialize (I Sg)]; lra.
  - destruct (nth_error gs n) as [g|] eqn:Hg; [|discriminate]. destruct (below _ _ _) as [r|] eqn:BE; [|discriminate].
    cbn in E. injection E as <-. rewrite Forall_forall in GA. destruct (GA g (nth_error_In _ _ Hg)) as [_ G].
    cbn [fst snd]. eapply smaller_true; [|exact G]. pose proof (below_below F _ y SO _ _ _ BE) as BB.
    unfold at_row, at_affine in *. cbn [weights bias] in *. rewrite dot_qaxpy.
    replace (Q2R 1) with 1 by (unfold Q2R; cbn; lra). lra.
  - apply AA, E.
Qed.

Fixpoint constraints_of (s : state) (gs : list goal) (assumed : option constraint) (ts : list term)
    : option (list (constraint * Q)) :=
  match ts with
  | [] => Some []
  | (w, m) :: ts =>
      match constraint_of s gs assumed w, constraints_of s gs assumed ts with
      | Some c, Some cs => if (0 <? m)%Z then Some ((c, inject_Z m) :: cs) else None
      | _, _ => None
      end
  end.

Definition contradict (s : state) (gs : list goal) (assumed : option constraint) (ts : list term) : bool :=
  match constraints_of s gs assumed ts with Some cs => contradiction cs | None => false end.

Lemma contradict_false s y gs assumed ts : P s y -> Forall (constraint_true y) facts ->
  Forall (goal_true (layers s) y) gs -> (forall a, assumed = Some a -> constraint_true y a) ->
  contradict s gs assumed ts = true -> False.
Proof.
  intros H FA GA AA E. unfold contradict in E. destruct (constraints_of _ _ _ _) as [cs|] eqn:CO; [|discriminate].
  eapply contradiction_false; [exact E|]. clear E. revert cs CO.
  induction ts as [|[w m] ts IH]; intros cs CO; cbn [constraints_of] in CO.
  - injection CO as <-. constructor.
  - destruct (constraint_of s gs assumed w) as [c|] eqn:C; [|discriminate].
    destruct (constraints_of s gs assumed ts) as [cs0|]; [|discriminate].
    destruct (0 <? m)%Z; [|discriminate]. injection CO as <-. constructor; [|apply IH; reflexivity]. cbn [fst]. eapply constraint_of_true; eassumption.
Qed.

Definition side (s : state) (k : place) (plus : bool) (ts : list term) : option state :=
  match at_depth (depth k) (layers s) with
  | None => None
  | Some (ns, rest) =>
      match nth_error ns (index k) with
      | None => None
      | Some n =>
          if free n then
            let assumed := option_map (fun r => (r, true)) (below false rest (signed_row plus (exact n))) in
            if contradict s [] assumed ts
            then Some (with_layers s (set_layer (depth k) (decide (index k) plus 0 ns) (layers s)))
            else None
          else None
      end
  end.

Lemma side_ok s y k plus ts s' : P s y -> Forall (constraint_true y) facts -> side s k plus ts = Some s' -> P s' y.
Proof.
  intros H FA E. unfold side in E. destruct (at_depth _ _) as [[ns rest]|] eqn:AD; [|discriminate].
  destruct (nth_error ns (index k)) as [n|] eqn:Hn; [|discriminate]. destruct (free n); [|discriminate].
  cbv zeta in E. destruct (contradict _ _ _ _) eqn:CO; [|discriminate]. injection E as <-.
  pose proof H as (SO & _). destruct (at_depth_ok y _ _ _ _ SO AD) as (K & LK & SR).
  set (z := at_row (exact n) (act rest y)).
  assert (G : agrees plus z).
  { destruct (Rle_dec 0 (if plus then z else - z)) as [G|G]; [unfold agrees; destruct plus; lra|]. exfalso.
    eapply (contradict_false s y [] _ ts H FA); [constructor | | exact CO].
    intros a Ea. destruct (below _ _ _) as [r|] eqn:BE; [|discriminate]. cbn in Ea. injection Ea as <-.
    unfold constraint_true. cbn [fst snd at_most_zero]. pose proof (below_below F rest y SR _ _ _ BE) as BB.
    rewrite signed_row_eq in BB. fold z in BB. destruct plus; lra. }
  destruct (decide_P s y k ns rest n plus H AD Hn G) as [SO' AE]. apply with_layers_P; assumption.
Qed.

Definition exact_clause (s : state) (k : nat) (ts : list term) : option state :=
  match take_clause k (left s) with
  | None => None
  | Some (gs, cs) => if contradict s gs None ts then Some (with_left s cs) else None
  end.

Lemma exact_clause_ok s y k ts s' : P s y -> Forall (constraint_true y) facts -> exact_clause s k ts = Some s' -> P s' y.
Proof.
  intros H FA E. unfold exact_clause in E. destruct (take_clause k (left s)) as [[gs cs]|] eqn:T; [|discriminate].
  destruct (contradict _ _ _ _) eqn:CO; [|discriminate]. injection E as <-.
  eapply with_left_P; [exact H | exact T |]. intros A.
  eapply (contradict_false s y gs None ts H FA A); [intros a Ea; discriminate | exact CO].
Qed.

(** ** A record, and a tree *)

Inductive result := Done | Go (s : state) | Fork (a b : state).

Definition go (s : option state) : option result := option_map Go s.
Definition fork (s : option (state * state)) : option result := option_map (fun p => Fork (fst p) (snd p)) s.
Definition done (b : bool) : option result := if b then Some Done else None.

(** The bases of a record; none if one names a row or an input that is not there. *)
Fixpoint prepared (s : state) (new : list raw_basis) : option (list basis) :=
  match new with
  | [] => Some []
  | q :: new =>
      match prepare q (split_rows s) (clip_rows s), prepared s new with
      | Some b, Some bs => Some (b :: bs)
      | _, _ => None
      end
  end.

Definition step (r : record) (s : state) : option result :=
  match r with
  | Bases new =>
      go (option_map
            (fun found => State (layers s) (memo s) (box s) (split_rows s) (clip_rows s) (bases s ++ found) (left s))
            (prepared s new))
  | Bounds fields =>
      match bounds_stack s (layers s) fields with
      | Some (Next (k, [], _)) => go (Some (with_known s k))
      | Some Closed => Some Done
      | _ => None
      end
  | OneBound t =>
      match at_depth (depth (told_at t)) (layers s) with
      | None => None
      | Some (ns, rest) =>
          match nth_error ns (index (told_at t)) with
          | None => None
          | Some n =>
              if free n then
                match bound_at s (know rest) ns (index (told_at t)) (is_upper t) (Some (told_value t, told_by t)) with
                | None => None
                | Some Closed => Some Done
                | Some (Next ns') => go (Some (with_layers s (set_layer (depth (told_at t)) ns' (layers s))))
                end
              else None
          end
      end
  | Refute k atom ms => go (refute (remember s) k atom ms)
  | Joint k factors ms => go (joint (remember s) k factors ms)
  | Empty ms => done (is_empty s ms)
  | Clip => go (clip (remember s))
  | Split k => fork (split s k)
  | Halve j v => fork (halve s j v)
  | Side k plus ts => go (side s k plus ts)
  | Exact k ts => go (exact_clause s k ts)
  | Nowhere ts => done (contradict s [] None ts)
  end.

Theorem step_ok r s y o : P s y -> nonnegative y -> Forall (constraint_true y) facts -> step r s = Some o ->
  match o with Done => False | Go s' => P s' y | Fork a b => P a y \/ P b y end.
Proof.
  intros H N FA E. destruct r; cbn [step] in E.
  - destruct (prepared s new) as [found|]; [|discriminate]. cbn in E. injection E as <-. exact H.
  - destruct (bounds_stack s (layers s) fields) as [[|[[kn [|]] c]]|] eqn:B; try discriminate; cbn in E; injection E as <-;
      pose proof H as (SO & _).
    + exact (bounds_stack_ok s y H N _ _ _ SO B).
    + destruct (bounds_stack_ok s y H N _ _ _ SO B) as [SO' AE]. exact (with_layers_P s (of kn) y H SO' AE).
  - destruct (at_depth _ _) as [[ns rest]|] eqn:AD; [|discriminate].
    destruct (nth_error ns _) as [n|]; [|discriminate]. destruct (free n); [|discriminate].
    pose proof H as (SO & _). destruct (at_depth_ok y _ _ _ _ SO AD) as (K & LK & SR).
    destruct (bound_at _ _ _ _ _ _) as [[|ns']|] eqn:B; [| |discriminate].
    + contradiction (bound_at_ok _ y (know rest) _ _ _ _ _ H N SR K LK B).
    + destruct (bound_at_ok _ y (know rest) _ _ _ _ _ H N SR K LK B) as [M K']. cbn [of know] in *. cbn in E. injection E as <-.
      apply with_layers_P; [exact H | eapply set_layer_ok; eassumption | eapply set_layer_act; eassumption].
  - destruct (refute (remember s) clause0 atom by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply refute_ok; [apply remember_P, H | exact N | exact R].
  - destruct (joint (remember s) clause0 factors by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply joint_ok; [apply remember_P, H | exact N | exact R].
  - destruct (is_empty s by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply is_empty_ok; eassumption.
  - destruct (clip (remember s)) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply clip_ok; [apply remember_P, H | exact N | exact R].
  - destruct (split s k) as [[a b]|] eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply split_ok; eassumption.
  - destruct (halve s j v) as [[a b]|] eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply halve_ok; eassumption.
  - destruct (side s k plus terms) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply side_ok; eassumption.
  - destruct (exact_clause s clause0 terms) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply exact_clause_ok; eassumption.
  - destruct (contradict s [] None terms) eqn:R; [|discriminate]. cbn in E. injection E as <-.
    eapply (contradict_false s y [] None terms H FA); [constructor | intros a Ea; discriminate | exact R].
Qed.

(** A node is closed as soon as no clause is left. *)
Definition push (s : state) (open : list state) : list state := match left s with [] => open | _ => s :: open end.

(** The records of a tree in preorder; what remains after it. *)
Fixpoint run (records : list record) (open : list state) : option (list record) :=
  match open, records with
  | [], _ => Some records
  | _, [] => None
  | s :: open, r :: records =>
      match step r s with
      | None => None
      | Some Done => run records open
      | Some (Go s) => run records (push s open)
      | Some (Fork a b) => run records (push a (push b open))
      end
  end.

Lemma push_false s y open : Forall (fun s => ~ P s y) (push s open) -> ~ P s y /\ Forall (fun s => ~ P s y) open.
Proof.
  unfold push. destruct (left s) eqn:L; intros H.
  - split; [|exact H]. intros (_ & _ & _ & _ & X). rewrite L in X. inversion X.
  - inversion H; subst. auto.
Qed.

Theorem run_ok y : nonnegative y -> Forall (constraint_true y) facts -> forall records open rest,
  run records open = Some rest -> Forall (fun s => ~ P s y) open.
Proof.
  intros N FA. induction records as [|r records IH]; intros [|s open] rest E; cbn [run] in E; try discriminate; try constructor.
  - destruct (step r s) as [o|] eqn:ST; [|discriminate]. intros H. pose proof (step_ok r s y o H N FA ST) as SO.
    destruct o as [|s'|a b]; [exact SO | |]; apply IH in E.
    + apply push_false in E. tauto.
    + apply push_false in E. destruct E as [E1 E]. apply push_false in E. tauto.
  - destruct (step r s) as [[|s'|a b]|] eqn:ST; [| | |discriminate]; apply IH in E; auto.
    + apply push_false in E. tauto.
    + apply push_false in E. destruct E as [_ E]. apply push_false in E. tauto.
Qed.

End Records.
