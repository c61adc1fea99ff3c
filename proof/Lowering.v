(** The network as ReLU layers followed by one affine map, with its constant and linked neurons
    (docs/certificate-format.md, "Header" and "Linear bounds"), and the same counted from a corner of the box. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms.
Import ListNotations.
Open Scope R_scope.

(** ** Merging linear layers *)

Definition compose (functions : list row) (r : row) : row := qcompose (weights r) functions (Row [] (bias r)).

Lemma compose_eq functions r v : at_row (compose functions r) v = at_row r (map (fun q => at_row q v) functions).
Proof. unfold compose. rewrite qcompose_eq. unfold at_row. cbn [weights bias dot]. lra. Qed.

(** ReLU layers, the last one first, and what linear layers after them say, if there are any. *)
Fixpoint lowered (n : network) (relus : list (list row)) (pending : option (list row))
    : list (list row) * option (list row) :=
  match n with
  | [] => (relus, pending)
  | l :: n =>
      let rs := match pending with None => rows l | Some p => map (compose p) (rows l) end in
      if relu l then lowered n (rs :: relus) None else lowered n relus (Some rs)
  end.

Fixpoint run_rows (relus : list (list row)) (x : list R) : list R :=
  match relus with
  | [] => x
  | rs :: rest => map (fun r => Rmax 0 (at_row r (run_rows rest x))) rs
  end.

Definition then_rows (pending : option (list row)) (v : list R) : list R :=
  match pending with None => v | Some p => map (fun r => at_row r v) p end.

Lemma lowered_ok x n : forall relus pending, let '(relus', pending') := lowered n relus pending in
  fold_left (fun v l => at_layer l v) n (then_rows pending (run_rows relus x)) = then_rows pending' (run_rows relus' x).
Proof.
  induction n as [|l n IH]; intros relus pending; cbn [lowered fold_left]; [reflexivity|].
  set (rs := match pending with None => _ | Some _ => _ end).
  assert (M : map (fun r => at_row r (run_rows relus x)) rs
              = map (fun r => at_row r (then_rows pending (run_rows relus x))) (rows l)).
  { unfold rs. destruct pending as [p|]; [|reflexivity]. rewrite map_map. apply map_ext. intros r. apply compose_eq. }
  unfold at_layer. destruct (Statement.relu l).
  - specialize (IH (rs :: relus) None). destruct (lowered n (rs :: relus) None) as [a b]. rewrite <- IH.
    cbn [then_rows run_rows]. f_equal.
    rewrite <- (map_map (fun r => at_row r (then_rows pending (run_rows relus x))) (Rmax 0)), <- M, map_map. reflexivity.
  - specialize (IH relus (Some rs)). destruct (lowered n relus (Some rs)) as [a b]. rewrite <- IH.
    cbn [then_rows]. f_equal. symmetry. exact M.
Qed.

(** ** Constant and linked neurons *)

(** Adds to one entry of a list that goes on with zeros. *)
Fixpoint qbump (i : nat) (d : Q) (l : list Q) : list Q :=
  match i, l with
  | O, [] => [d]
  | O, q :: l => qadd q d :: l
  | S i, [] => 0%Q :: qbump i d []
  | S i, q :: l => q :: qbump i d l
  end.

Lemma dot_qbump d : forall i l v, dot (qbump i d l) v = dot l v + Q2R d * nth i v 0.
Proof.
  induction i as [|i IH]; intros [|q l] [|x v]; rewrite ?dot_empty; cbn [qbump dot nth]; rewrite ?IH, ?qadd_eq, ?RMicromega.Q2R_0, ?dot_nil; lra.
Qed.

Fixpoint qbump_all (adds : list (nat * Q)) (l : list Q) : list Q :=
  match adds with
  | [] => l
  | (i, d) :: adds => qbump_all adds (qbump i d l)
  end.

Fixpoint qadded (adds : list (nat * Q)) (v : list R) : R :=
  match adds with
  | [] => 0
  | (i, d) :: adds => Q2R d * nth i v 0 + qadded adds v
  end.

Lemma dot_qbump_all v : forall adds l, dot (qbump_all adds l) v = dot l v + qadded adds v.
Proof. induction adds as [|[i d] adds IH]; intros l; cbn [qbump_all qadded]; [lra|]. rewrite IH, dot_qbump. lra. Qed.

(** "Reduced weights": those of constant inactive neurons are dropped, those of neurons linked with a factor > 0 moved. What stays, and
    what is moved where. *)
Fixpoint reduce_from (prev : list neuron) (w : list Q) : list Q * list (nat * Q) :=
  match w, prev with
  | q :: w, n :: prev =>
      let '(kept, adds) := reduce_from prev w in
      if is_zero q then (0%Q :: kept, adds)
      else match sign n, link n with
           | Some false, _ => (0%Q :: kept, adds)
           | _, Some (i, f) => if positive f then (0%Q :: kept, (i, qmul q f) :: adds) else (q :: kept, adds)
           | _, None => (q :: kept, adds)
           end
  | _, _ => ([], [])
  end.

Definition reduce (prev : list neuron) (w : list Q) : list Q := let '(kept, adds) := reduce_from prev w in qbump_all adds kept.

Lemma Q2R_1 : Q2R 1 = 1.
Proof. unfold Q2R. cbn. lra. Qed.

Section Bits.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.

Lemma reduce_from_eq all v : Forall (neuron_ok F v) all -> links_ok all v -> forall prev w kept adds, incl prev all ->
  reduce_from prev w = (kept, adds) -> dot kept (relus prev v) + qadded adds (relus all v) = dot w (relus prev v).
Proof.
  intros K LK. induction prev as [|n prev IH]; intros [|q w] kept adds T E; cbn [reduce_from] in E;
    try (injection E as <- <-; cbn [qadded]; rewrite ?dot_nil; unfold relus, pre; cbn [map]; rewrite ?dot_empty; lra).
  assert (T' : incl prev all) by (intros m Hm; apply T; right; exact Hm).
  assert (Hn : In n all) by (apply T; left; reflexivity).
  destruct (reduce_from prev w) as [kept0 adds0] eqn:RF. specialize (IH w kept0 adds0 T' RF).
  set (z := at_row (exact n) v).
  assert (Step : forall p l, dot (p :: l) (relus (n :: prev) v) = Q2R p * Rmax 0 z + dot l (relus prev v)) by reflexivity.
  rewrite (Step q w).
  destruct (is_zero q) eqn:Zq.
  { injection E as <- <-. rewrite Step, (is_zero_eq q Zq), RMicromega.Q2R_0. lra. }
  rewrite Forall_forall in K. destruct (K n Hn) as [_ (_ & I & _)].
  assert (Linked : forall i f, link n = Some (i, f) -> positive f = true ->
    Q2R (qmul q f) * nth i (relus all v) 0 = Q2R q * Rmax 0 z).
  { intros i f L PF. apply positive_eq in PF. destruct (LK n i f Hn L) as (m & Hi & R).
    rewrite qmul_eq, (nth_relus _ v _ _ Hi). unfold z. rewrite R.
    set (zi := at_row (exact m) v). destruct (Rmax_cases zi) as [[Z0 ->]|[Z0 ->]].
    - rewrite Rmax_left by nra. lra.
    - rewrite Rmax_right by nra. lra. }
  destruct (sign n) as [[|]|] eqn:Sg.
  - destruct (link n) as [[i f]|] eqn:L; [|injection E as <- <-; rewrite Step; lra].
    destruct (positive f) eqn:PF; injection E as <- <-; rewrite Step; [|lra].
    cbn [qadded]. rewrite (Linked i f eq_refl PF), RMicromega.Q2R_0. lra.
  - specialize (I eq_refl). fold z in I. injection E as <- <-. rewrite Step, RMicromega.Q2R_0, Rmax_left by lra. lra.
  - destruct (link n) as [[i f]|] eqn:L; [|injection E as <- <-; rewrite Step; lra].
    destruct (positive f) eqn:PF; injection E as <- <-; rewrite Step; [|lra].
    cbn [qadded]. rewrite (Linked i f eq_refl PF), RMicromega.Q2R_0. lra.
Qed.

Lemma reduce_eq all v w : Forall (neuron_ok F v) all -> links_ok all v -> dot (reduce all w) (relus all v) = dot w (relus all v).
Proof.
  intros K LK. unfold reduce. destruct (reduce_from all w) as [kept adds] eqn:RF. rewrite dot_qbump_all.
  exact (reduce_from_eq all v K LK all w kept adds (fun m H => H) RF).
Qed.

(** Functions of the layer before that have the same values, by the reduced weights. *)
Definition reduced_row (st : stack) (r : row) : row :=
  match st with
  | [] => r
  | prev :: _ => Row (reduce prev (weights r)) (bias r)
  end.

Lemma reduced_row_eq st r x : stack_ok F st x -> at_row (reduced_row st r) (act st x) = at_row r (act st x).
Proof.
  destruct st as [|prev rest]; [reflexivity|]. intros (K & LK & _). unfold at_row. cbn [reduced_row weights bias act].
  rewrite (reduce_eq prev _ (weights r) K LK). lra.
Qed.

Definition power_of_two (q : Q) : bool :=
  let is_power p := (Z.shiftl 1 (Z.log2 p) =? p)%Z in
  is_power (Z.abs (Qnum q)) && is_power (Zpos (Qden q)).

Fixpoint first_ratio (w v : list Q) : option Q :=
  match w, v with
  | q :: w, p :: v => if is_zero q then (if is_zero p then first_ratio w v else None)
                      else if is_zero p then None else Some (reduced (p / q)%Q)
  | _, _ => None
  end.

(** Whether v = f·w. *)
Fixpoint proportional (f : Q) (w v : list Q) : bool :=
  match w, v with
  | q :: w, p :: v => (if is_zero q then is_zero p else is_zero (qadd p (qmul (- f) q))) && proportional f w v
  | [], _ => forallb is_zero v
  | _, [] => forallb is_zero w
  end.

Lemma proportional_eq f : forall w v x, proportional f w v = true -> dot v x = Q2R f * dot w x.
Proof.
  induction w as [|q w IH]; intros [|p v] x H; cbn [proportional] in H.
  - rewrite dot_nil. lra.
  - rewrite (zeros_dot _ H x), dot_nil. lra.
  - rewrite (zeros_dot _ H x), dot_nil. lra.
  - apply andb_true_iff in H. destruct H as [H1 H]. destruct x as [|y x]; [rewrite !dot_empty; lra|]. cbn [dot]. rewrite (IH v x H).
    assert (E : Q2R p = Q2R f * Q2R q).
    { destruct (is_zero q) eqn:Zq; [rewrite (is_zero_eq q Zq), (is_zero_eq p H1); lra|].
      apply is_zero_eq in H1. rewrite qadd_eq, qmul_eq, Q2R_opp in H1. lra. }
    rewrite E. lra.
Qed.

(** The factor f with v = f·w, if there is one: weights, and biases. *)
Definition factor_of (w v : row) : option Q :=
  match first_ratio (weights w) (weights v) with
  | None => None
  | Some f =>
      if power_of_two f && is_zero (qadd (bias v) (qmul (- f) (bias w))) && proportional f (weights w) (weights v)
      then Some f else None
  end.

Lemma factor_of_eq w v f x : factor_of w v = Some f -> at_row v x = Q2R f * at_row w x.
Proof.
  unfold factor_of. destruct (first_ratio _ _) as [g|]; [|discriminate]. destruct (_ && _) eqn:B; [|discriminate].
  intros E. injection E as <-. apply andb_true_iff in B. destruct B as [B W]. apply andb_true_iff in B. destruct B as [_ B].
  apply is_zero_eq in B. rewrite qadd_eq, qmul_eq, Q2R_opp in B. pose proof (proportional_eq g _ _ x W) as D.
  unfold at_row. nra.
Qed.

(** The first of some reduced rows of which this is a multiple; constant ones do not count. *)
Fixpoint find_link (i : nat) (earlier : list row) (r : row) : option (nat * Q) :=
  match earlier with
  | [] => None
  | w :: earlier =>
      match factor_of w r with
      | Some f => Some (i, f)
      | None => find_link (S i) earlier r
      end
  end.

Definition is_constant (r : row) : bool := forallb is_zero (weights r).

Definition new_neuron (reduced_before : list row) (r reduced : row) : neuron :=
  Neuron r (fix_row F r) (if is_constant reduced then Some (positive (bias reduced)) else None) None None None false
    (if is_constant reduced then None else find_link 0 reduced_before reduced).

(** The neurons of a layer; the rows seen so far come with their reduced forms, the last first. *)
Fixpoint new_layer (st : stack) (before : list row) (rs : list row) : list neuron :=
  match rs with
  | [] => []
  | r :: rs =>
      let reduced := reduced_row st r in
      new_neuron before r reduced :: new_layer st (before ++ [reduced]) rs
  end.

Fixpoint new_stack (relus : list (list row)) : stack :=
  match relus with
  | [] => []
  | rs :: rest => let st := new_stack rest in new_layer st [] rs :: st
  end.

Lemma find_link_ok x : forall earlier i r j f, find_link i earlier r = Some (j, f) ->
  exists w, nth_error earlier (j - i) = Some w /\ (i <= j)%nat /\ at_row r x = Q2R f * at_row w x.
Proof.
  induction earlier as [|w earlier IH]; intros i r j f E; cbn [find_link] in E; [discriminate|].
  destruct (factor_of w r) as [g|] eqn:FO.
  - injection E as <- <-. exists w. rewrite Nat.sub_diag. split; [reflexivity|]. split; [lia|]. eapply factor_of_eq; exact FO.
  - destruct (IH (S i) r j f E) as (w' & H & Le & R). exists w'. replace (j - i)%nat with (S (j - S i)) by lia.
    split; [exact H|]. split; [lia | exact R].
Qed.

Lemma new_layer_exact st : forall rs before, map exact (new_layer st before rs) = rs.
Proof. induction rs as [|r rs IH]; intros before; cbn [new_layer map]; [reflexivity|]. rewrite IH. reflexivity. Qed.

Lemma new_layer_ok st x : stack_ok F st x -> forall rs before, Forall (neuron_ok F (act st x)) (new_layer st before rs).
Proof.
  intros H. induction rs as [|r rs IH]; intros before; cbn [new_layer]; constructor; [|apply IH].
  split; [apply fix_row_fits, F_nonneg|]. unfold new_neuron. unfold knows. cbn [exact sign least most chord].
  set (red := reduced_row st r). pose proof (reduced_row_eq st r x H) as E. fold red in E.
  assert (C : is_constant red = true -> at_row r (act st x) = Q2R (bias red)).
  { intros Z. rewrite <- E. unfold at_row. rewrite (zeros_dot _ Z). lra. }
  destruct (is_constant red); [|repeat split; intros; discriminate]. specialize (C eq_refl).
  repeat split; try (intros; discriminate); intros Sg; injection Sg as Sg; rewrite C.
  - apply positive_eq in Sg. lra.
  - apply not_positive_eq in Sg. exact Sg.
Qed.

Lemma new_layer_link_nth st x : stack_ok F st x -> forall rs earlier n i f,
  In n (new_layer st (map (reduced_row st) earlier) rs) -> link n = Some (i, f) ->
  exists w, nth_error (earlier ++ rs) i = Some w /\ at_row (exact n) (act st x) = Q2R f * at_row w (act st x).
Proof.
  intros H. induction rs as [|r rs IH]; intros earlier n i f Hn L; cbn [new_layer] in Hn; [contradiction|].
  destruct Hn as [<-|Hn].
  - unfold new_neuron in L. cbn [link exact new_neuron] in *. destruct (is_constant _); [discriminate|].
    destruct (find_link_ok (act st x) _ _ _ _ _ L) as (w & Hw & _ & R). rewrite Nat.sub_0_r in Hw.
    rewrite nth_error_map in Hw. destruct (nth_error earlier i) as [u|] eqn:Hu; [|discriminate]. cbn in Hw. injection Hw as <-.
    exists u. split.
    + rewrite nth_error_app1; [exact Hu|]. apply nth_error_Some. congruence.
    + rewrite !(reduced_row_eq st _ x H) in R. exact R.
  - replace (map (reduced_row st) earlier ++ [reduced_row st r]) with (map (reduced_row st) (earlier ++ [r])) in Hn
      by (rewrite map_app; reflexivity).
    destruct (IH _ n i f Hn L) as (w & Hw & R). exists w. split; [|exact R]. rewrite <- app_assoc in Hw. exact Hw.
Qed.

Theorem new_stack_ok x : forall relus, stack_ok F (new_stack relus) x /\ act (new_stack relus) x = run_rows relus x.
Proof.
  induction relus as [|rs rest [IH E]]; cbn [new_stack stack_ok act run_rows]; [auto|]. split.
  - split; [apply new_layer_ok, IH|]. split; [|exact IH]. intros n i f Hn L.
    destruct (new_layer_link_nth _ x IH rs [] n i f Hn L) as (w & Hw & R). cbn [app] in Hw.
    rewrite <- (new_layer_exact (new_stack rest) rs []) in Hw. rewrite nth_error_map in Hw.
    destruct (nth_error (new_layer _ _ _) i) as [m|]; [|discriminate]. cbn in Hw. injection Hw as <-. exists m. auto.
  - unfold relus, pre. rewrite map_map, E. rewrite <- (new_layer_exact (new_stack rest) rs []) at 2. rewrite map_map. reflexivity.
Qed.

(** ** Counting inputs from a point *)

Definition shift_row (origin : list Q) (r : row) : row := Row (weights r) (qadd (bias r) (qdot (weights r) origin)).

Fixpoint minus (x : list R) (origin : list Q) : list R :=
  match x, origin with
  | a :: x, q :: origin => (a - Q2R q) :: minus x origin
  | _, _ => []
  end.

Lemma dot_minus : forall w x origin, length x = length origin ->
  dot w (minus x origin) + dot w (map Q2R origin) = dot w x.
Proof.
  induction w as [|q w IH]; intros [|a x] [|o origin] H; cbn [minus map dot]; try discriminate; try lra.
  injection H as H. rewrite <- (IH x origin H). lra.
Qed.

Lemma shift_row_eq origin x r : length x = length origin -> at_row (shift_row origin r) (minus x origin) = at_row r x.
Proof.
  intros H. unfold shift_row, at_row. cbn [weights bias]. rewrite qadd_eq, qdot_eq, <- (dot_minus (weights r) x origin H). lra.
Qed.

Definition shift_neuron (origin : list Q) (n : neuron) : neuron :=
  let r := shift_row origin (exact n) in Neuron r (fix_row F r) (sign n) None None None false (link n).

Fixpoint shift_stack (origin : list Q) (st : stack) : stack :=
  match st with
  | [] => []
  | [ns] => [map (shift_neuron origin) ns]
  | ns :: rest => ns :: shift_stack origin rest
  end.

Lemma shift_stack_ok origin x : length x = length origin -> forall st, st <> [] -> stack_ok F st x ->
  stack_ok F (shift_stack origin st) (minus x origin) /\ act (shift_stack origin st) (minus x origin) = act st x.
Proof.
  intros Len. induction st as [|ns rest IH]; intros NE H; [contradiction|].
  destruct rest as [|ns' rest].
  - cbn [shift_stack stack_ok act] in *. destruct H as (K & LK & _). split.
    + split; [|split; [|exact I]].
      * rewrite Forall_forall in *. intros m Hm. apply in_map_iff in Hm. destruct Hm as (n & <- & Hn).
        destruct (K n Hn) as [_ (A & B & _)]. split; [apply fix_row_fits, F_nonneg|].
        unfold knows, shift_neuron. cbn [exact sign least most chord]. rewrite shift_row_eq by exact Len.
        repeat split; auto; intros; discriminate.
      * intros m i f Hm L. apply in_map_iff in Hm. destruct Hm as (n & <- & Hn). cbn [link shift_neuron exact] in *.
        destruct (LK n i f Hn L) as (w & Hw & R). exists (shift_neuron origin w). split; [apply map_nth_error, Hw|].
        cbn [exact shift_neuron]. rewrite !shift_row_eq by exact Len. exact R.
    + unfold relus, pre. rewrite !map_map. apply map_ext. intros n. cbn [exact shift_neuron]. rewrite shift_row_eq by exact Len. reflexivity.
  - change (shift_stack origin (ns :: ns' :: rest)) with (ns :: shift_stack origin (ns' :: rest)).
    destruct H as (K & LK & H). destruct (IH ltac:(discriminate) H) as [SO AE].
    cbn [stack_ok act]. rewrite AE. auto.
Qed.

End Bits.
