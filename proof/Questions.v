(** Statements about a network on a region (docs/certificate-format.md): the checking function and the theorem about it. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Records State Terms Lowering Clauses Witness Cases Units Check Lines.
Import ListNotations.
Open Scope R_scope.

(** ** The region as a formula *)

Definition atom_of (h : half_space) : atom := Atom (normal h) [] (level h) (is_open h).
Definition region_formula (r : region) : formula := Or (map (fun p => And (map (fun h => Is (atom_of h)) p)) r).

Lemma piece_true p x y : true_at (And (map (fun h => Is (atom_of h)) p)) x y <-> in_piece x p.
Proof.
  cbn [true_at]. induction p as [|h p IH]; cbn [map].
  - split; [constructor | auto].
  - assert (E : true_at (Is (atom_of h)) x y <-> in_half_space x h).
    { cbn [true_at]. unfold atom_true, in_half_space, atom_of. cbn [on_inputs on_outputs limit strict].
      rewrite dot_nil. replace (dot (normal h) x + 0 - Q2R (level h)) with (dot (normal h) x - Q2R (level h)) by lra. reflexivity. }
    split; [intros [A B]; constructor; [apply E, A | apply IH, B] | intros H; inversion H; subst; split; [apply E | apply IH]; assumption].
Qed.

Lemma region_true r x y : true_at (region_formula r) x y <-> Exists (in_piece x) r.
Proof.
  unfold region_formula. cbn [true_at]. induction r as [|p r IH]; cbn [map].
  - split; [contradiction | intros H; inversion H].
  - pose proof (piece_true p x y) as E. split.
    + intros [A|B]; [apply Exists_cons_hd, E, A | apply Exists_cons_tl, IH, B].
    + intros H. apply Exists_cons in H. destruct H as [H|H]; [left; apply E, H | right; apply IH, H].
Qed.

(** y_i > v, y_i < v. *)
Definition above (i : nat) (v : Q) : formula := Is (Atom [] (unit i (-1 # 1)) (- v) true).
Definition under (i : nat) (v : Q) : formula := Is (Atom [] (unit i 1) v true).

Lemma above_true i v x y : true_at (above i v) x y <-> Q2R v < nth i y 0.
Proof.
  unfold above. cbn [true_at]. unfold atom_true. cbn [on_inputs on_outputs limit strict at_most_zero]. rewrite dot_nil, unit_dot, Q2R_opp.
  replace (Q2R (-1 # 1)) with (-1) by (unfold Q2R; cbn; lra). split; lra.
Qed.

Lemma under_true i v x y : true_at (under i v) x y <-> nth i y 0 < Q2R v.
Proof.
  unfold under. cbn [true_at]. unfold atom_true. cbn [on_inputs on_outputs limit strict at_most_zero]. rewrite dot_nil, unit_dot, Q2R_1. split; lra.
Qed.

Definition not_zero (some : list nat) : formula := Or (flat_map (fun i => [above i 0; under i 0]) some).

Lemma not_zero_true x y : forall some, true_at (not_zero some) x y <-> exists i, In i some /\ nth i y 0 <> 0.
Proof.
  unfold not_zero. cbn [true_at]. induction some as [|i some IH]; cbn [flat_map app].
  - split; [contradiction | intros (i & [] & _)].
  - pose proof (above_true i 0 x y) as A. pose proof (under_true i 0 x y) as U. rewrite RMicromega.Q2R_0 in A, U. split.
    + intros [H|[H|H]].
      * exists i. apply A in H. split; [left; reflexivity | lra].
      * exists i. apply U in H. split; [left; reflexivity | lra].
      * apply IH in H. destruct H as (j & Hj & H). exists j. split; [right; exact Hj | exact H].
    + intros (j & [<-|Hj] & H).
      * destruct (Rlt_dec 0 (nth i y 0)) as [G|G]; [left; apply A, G | right; left; apply U; lra].
      * right; right. apply IH. exists j. auto.
Qed.

(** The region and something about outputs. *)
Definition region_and (r : region) (f : formula) : formula := And [region_formula r; f].

Lemma region_and_true inputs n r f x : length x = inputs ->
  (true_at (region_and r f) x (outputs n x) <-> in_region inputs r x /\ true_at f x (outputs n x)).
Proof.
  intros L. unfold region_and, in_region. cbn [true_at]. pose proof (region_true r x (outputs n x)) as E. cbn [true_at] in E. tauto.
Qed.

(** ** Least upper bounds *)

Definition sign_of (opposite : bool) : R := if opposite then -1 else 1.

Definition qin (h : half_space) (closed : bool) (x : list Q) : bool :=
  let e := qadd (qdot (normal h) x) (- level h) in if is_open h && negb closed then negative e else negb (positive e).

Definition qin_piece (closed : bool) (p : list half_space) (x : list Q) : bool := forallb (fun h => qin h closed x) p.

Definition closure_of (h : half_space) (x : list R) : Prop := dot (normal h) x - Q2R (level h) <= 0.

Lemma qin_open h x : qin h false x = true -> in_half_space (map Q2R x) h.
Proof.
  unfold qin, in_half_space. cbv zeta. set (e := qadd _ _). assert (E : Q2R e = dot (normal h) (map Q2R x) - Q2R (level h)).
  { unfold e. rewrite qadd_eq, qdot_eq, Q2R_opp. lra. }
  rewrite <- E. cbn [negb]. rewrite andb_true_r. destruct (is_open h); cbn [at_most_zero]; intros H.
  - apply negative_eq, H.
  - apply negb_true_iff in H. apply not_positive_eq, H.
Qed.

Lemma qin_closed h x : qin h true x = true -> closure_of h (map Q2R x).
Proof.
  unfold qin, closure_of. cbv zeta. set (e := qadd _ _). assert (E : Q2R e = dot (normal h) (map Q2R x) - Q2R (level h)).
  { unfold e. rewrite qadd_eq, qdot_eq, Q2R_opp. lra. }
  rewrite <- E. cbn [negb]. rewrite andb_false_r. intros H. apply negb_true_iff in H. apply not_positive_eq, H.
Qed.

Fixpoint difference (u v : list R) : list R :=
  match u, v with a :: u, b :: v => (a - b) :: difference u v | _, _ => [] end.

Lemma difference_length : forall u v, length u = length v -> length (difference u v) = length v.
Proof. induction u as [|a u IH]; intros [|b v] L; cbn in *; try discriminate; [reflexivity|]. injection L as L. rewrite IH; auto. Qed.

Lemma difference_dot : forall w u v, length u = length v -> dot w (difference u v) = dot w u - dot w v.
Proof.
  induction w as [|q w IH]; intros [|a u] [|b v] L; cbn [difference dot]; try discriminate; try lra.
  injection L as L. rewrite IH by exact L. lra.
Qed.

(** Points between one of the closure and one of the piece are in the piece. *)
Lemma between p u v t : length u = length v -> 0 < t -> t <= 1 -> in_piece u p -> Forall (fun h => closure_of h v) p ->
  in_piece (along t (difference u v) v) p.
Proof.
  intros L T0 T1 A B. unfold in_piece in *. rewrite Forall_forall in *. intros h Hh. specialize (A h Hh). specialize (B h Hh).
  unfold in_half_space, closure_of in *. rewrite along_dot by (apply difference_length, L). rewrite difference_dot by exact L.
  set (a := dot (normal h) u - Q2R (level h)) in *. set (b := dot (normal h) v - Q2R (level h)) in *.
  replace (dot (normal h) v + t * (dot (normal h) u - dot (normal h) v) - Q2R (level h)) with ((1 - t) * b + t * a) by (unfold a, b; lra).
  destruct (is_open h); cbn [at_most_zero] in *; nra.
Qed.

Lemma values_eq inputs n r i opposite x : in_region inputs r x -> values inputs n r i opposite (sign_of opposite * output n i x).
Proof. intros H. exists x. split; [exact H|]. destruct opposite; cbn [sign_of]; lra. Qed.

Lemma least_upper_bound inputs n r p i opposite u v m :
  In p r -> length u = inputs -> length v = inputs -> in_piece u p -> Forall (fun h => closure_of h v) p ->
  sign_of opposite * output n i v = m -> (forall x, in_region inputs r x -> sign_of opposite * output n i x <= m) ->
  is_lub (values inputs n r i opposite) m.
Proof.
  intros Hp Lu Lv A B V U. split.
  - intros w (x & Hx & ->). specialize (U x Hx). destruct opposite; cbn [sign_of] in U; lra.
  - intros b Hb. apply Rnot_lt_le. intros Lt.
    assert (L : length u = length v) by congruence.
    destruct (along_close v (difference u v)) as (k1 & K1 & C). destruct (outputs_lipschitz n) as (k2 & K2 & O).
    set (k := k2 * k1). assert (K : 0 <= k) by (apply Rmult_le_pos; assumption).
    set (t := Rmin 1 ((m - b) / (2 * (k + 1)))).
    assert (D : 0 < (m - b) / (2 * (k + 1))) by (apply Rdiv_lt_0_compat; lra).
    assert (T : 0 < t <= 1 /\ t <= (m - b) / (2 * (k + 1))).
    { unfold t. split; [split; [apply Rmin_glb_lt; lra | apply Rmin_l] | apply Rmin_r]. }
    destruct T as [[T0 T1] T2].
    assert (KT : k * t <= (m - b) / 2).
    { assert (E : (m - b) / (2 * (k + 1)) * (k + 1) = (m - b) / 2) by (field; lra). nra. }
    set (x := along t (difference u v) v).
    assert (X : in_region inputs r x).
    { split; [unfold x; rewrite along_length; exact Lv|]. apply Exists_exists. exists p. split; [exact Hp|]. apply between; assumption. }
    specialize (Hb _ (values_eq inputs n r i opposite x X)).
    assert (CL : close (k1 * t) x v) by (apply C; lra).
    assert (T' : 0 <= k1 * t) by (apply Rmult_le_pos; lra).
    apply O in CL; [|exact T']. apply (close_nth _ _ _ i) in CL; [|apply Rmult_le_pos; assumption].
    fold (output n i x) in CL. fold (output n i v) in CL. replace (k2 * (k1 * t)) with (k * t) in CL by (unfold k; lra).
    unfold Rabs in CL. destruct (Rcase_abs _) in CL; destruct opposite; cbn [sign_of] in *; lra.
Qed.

Lemma no_upper_bound inputs n r p i opposite u d :
  In p r -> length u = inputs -> length d = inputs -> in_piece u p -> Forall (fun h => dot (normal h) d <= 0) p ->
  0 < sign_of opposite * output (without_biases n) i d -> ~ Raxioms.bound (values inputs n r i opposite).
Proof.
  intros Hp Lu Ld A B V (m & Hm). assert (L : length d = length u) by congruence.
  destruct (along_far u d L) as (c & C & FA). destruct (outputs_far n c C) as (k & K & O).
  set (g := sign_of opposite * output (without_biases n) i d) in *.
  set (t := (Rabs m + k + 1) / g). pose proof (Rabs_pos m) as M0. assert (T : 0 < t) by (apply Rdiv_lt_0_compat; lra).
  assert (TG : t * g = Rabs m + k + 1) by (unfold t; field; lra).
  set (x := along t d u).
  assert (X : in_region inputs r x).
  { split; [unfold x; rewrite along_length; exact Lu|]. apply Exists_exists. exists p. split; [exact Hp|].
    unfold in_piece in *. rewrite Forall_forall in *. intros h Hh. specialize (A h Hh). specialize (B h Hh). unfold in_half_space in *.
    unfold x. rewrite along_dot by exact L. assert (t * dot (normal h) d <= 0) by nra. destruct (is_open h); cbn [at_most_zero] in *; lra. }
  specialize (Hm _ (values_eq inputs n r i opposite x X)).
  pose proof (O t x d (Rlt_le _ _ T) (FA t)) as CL. apply (close_nth _ _ _ i) in CL; [|exact K].
  fold (output n i x) in CL. rewrite <- (Rmult_0_r t) in CL at 1. rewrite (map_nth (Rmult t)) in CL. fold (output (without_biases n) i d) in CL.
  pose proof (Rle_abs m) as M1. unfold Rabs in CL. destruct (Rcase_abs _) in CL; unfold g in *; destruct opposite; cbn [sign_of] in *; nra.
Qed.

(** ** Certificates of questions *)

Section Questions.
Variable bits : N.
Variables raw_basis basis : Type.
Variable prepare : raw_basis -> list Substitution.bound -> list Substitution.bound -> option basis.
Variable refresh : basis -> list Substitution.bound -> list Substitution.bound -> basis.
Variable solve : list basis -> list range -> Substitution.bound -> list (name * Z).

Notation cases := (option units * list (item raw_basis))%type.

Definition never (inputs : nat) (n : network) (f : formula) (c : cases) : bool :=
  check bits raw_basis basis prepare refresh solve inputs n f (Cases raw_basis (fst c) (snd c)).

Lemma never_ok inputs n f c : never inputs n f c = true -> holds inputs n f.
Proof. intros H. exact (check_is_sound _ _ _ _ _ _ _ _ _ _ H). Qed.

(** A bound of an output, above or (opposite) below: a value with a point inside and one where it is taken, or a direction without end. *)
Inductive extreme :=
  | Value (v : Q) (inside point : list Q) (proof : cases)
  | Endless (point direction : list Q).

Inductive question :=
  | PositiveYes (i : nat) (x : list Q)
  | PositiveNo (i : nat) (proof : cases)
  | ZeroYes (some : list nat) (proof : cases)
  | ZeroNo (some : list nat) (x : list Q)
  | EmptyRegion (proof : cases)
  | Extremes (bounds : list (nat * bool * extreme)).

Definition extreme_claim (inputs : nat) (n : network) (r : region) (b : nat * bool * extreme) : Prop :=
  match b with
  | (i, false, Value v _ _ _) => maximum_is inputs n r i v
  | (i, true, Value v _ _ _) => minimum_is inputs n r i v
  | (i, false, Endless _ _) => unbounded_above inputs n r i
  | (i, true, Endless _ _) => unbounded_below inputs n r i
  end.

Definition answer (inputs : nat) (n : network) (r : region) (q : question) : Prop :=
  match q with
  | PositiveYes i _ => positive_somewhere inputs n r i
  | PositiveNo i _ => ~ positive_somewhere inputs n r i
  | ZeroYes some _ => zero_on inputs n r some
  | ZeroNo some _ => ~ zero_on inputs n r some
  | EmptyRegion _ => empty_region inputs r
  | Extremes bounds => Forall (extreme_claim inputs n r) bounds
  end.

Definition qoutput (n : network) (i : nat) (x : list Q) : Q := nth i (qoutputs n x) 0%Q.

Lemma qoutput_eq n i x : Q2R (qoutput n i x) = output n i (map Q2R x).
Proof. unfold qoutput, output. rewrite <- qoutputs_eq, <- RMicromega.Q2R_0. symmetry. apply map_nth. Qed.

Definition check_extreme (inputs : nat) (n : network) (r : region) (b : nat * bool * extreme) : bool :=
  let '(i, opposite, e) := b in
  match e with
  | Value v inside point proof =>
      (length inside =? inputs)%nat && (length point =? inputs)%nat
      && existsb (fun p => qin_piece false p inside && qin_piece true p point) r
      && is_zero (qadd (qoutput n i point) (- v))
      && never inputs n (region_and r (if opposite then under i v else above i v)) proof
  | Endless point direction =>
      (length point =? inputs)%nat && (length direction =? inputs)%nat
      && existsb (fun p => qin_piece false p point && forallb (fun h => negb (positive (qdot (normal h) direction))) p) r
      && (let g := qoutput (without_biases n) i direction in if opposite then negative g else positive g)
  end.

Definition check_question (inputs : nat) (n : network) (r : region) (q : question) : bool :=
  match q with
  | PositiveYes i x => check_witness inputs n (region_and r (above i 0)) x
  | PositiveNo i proof => never inputs n (region_and r (above i 0)) proof
  | ZeroYes some proof => never inputs n (region_and r (not_zero some)) proof
  | ZeroNo some x => check_witness inputs n (region_and r (not_zero some)) x
  | EmptyRegion proof => never inputs n (region_formula r) proof
  | Extremes bounds => forallb (check_extreme inputs n r) bounds
  end.

Lemma check_extreme_ok inputs n r b : check_extreme inputs n r b = true -> extreme_claim inputs n r b.
Proof.
  destruct b as [[i opposite] [v inside point proof | point direction]]; cbn [check_extreme]; intros E; rewrite !andb_true_iff in E.
  - destruct E as [[[[L1 L2] X] V] NV]. apply Nat.eqb_eq in L1, L2. apply existsb_exists in X. destruct X as (p & Hp & X).
    apply andb_true_iff in X. destruct X as [X1 X2]. apply is_zero_eq in V. rewrite qadd_eq, Q2R_opp, qoutput_eq in V.
    apply never_ok in NV. unfold qin_piece in X1, X2. rewrite forallb_forall in X1, X2.
    assert (LUB : is_lub (values inputs n r i opposite) (sign_of opposite * Q2R v)).
    { apply (least_upper_bound inputs n r p i opposite (map Q2R inside) (map Q2R point)).
      - exact Hp.
      - rewrite map_length. exact L1.
      - rewrite map_length. exact L2.
      - unfold in_piece. rewrite Forall_forall. intros h Hh. apply qin_open, X1, Hh.
      - rewrite Forall_forall. intros h Hh. apply qin_closed, X2, Hh.
      - f_equal. lra.
      - intros x Hx. pose proof Hx as [Lx _]. specialize (NV x Lx). rewrite (region_and_true inputs) in NV by exact Lx.
        apply Rnot_lt_le. intros Lt. apply NV. split; [exact Hx|]. destruct opposite; cbn [sign_of] in Lt.
        + apply under_true. fold (output n i x). lra.
        + apply above_true. fold (output n i x). lra. }
    destruct opposite; cbn [extreme_claim sign_of] in *; unfold maximum_is, minimum_is.
    + replace (- Q2R v) with (-1 * Q2R v) by lra. exact LUB.
    + rewrite Rmult_1_l in LUB. exact LUB.
  - destruct E as [[[L1 L2] X] V]. apply Nat.eqb_eq in L1, L2. apply existsb_exists in X. destruct X as (p & Hp & X).
    apply andb_true_iff in X. destruct X as [X1 X2]. unfold qin_piece in X1. rewrite forallb_forall in X1, X2.
    assert (U : ~ Raxioms.bound (values inputs n r i opposite)).
    { apply (no_upper_bound inputs n r p i opposite (map Q2R point) (map Q2R direction)).
      - exact Hp.
      - rewrite map_length. exact L1.
      - rewrite map_length. exact L2.
      - unfold in_piece. rewrite Forall_forall. intros h Hh. apply qin_open, X1, Hh.
      - rewrite Forall_forall. intros h Hh. specialize (X2 h Hh). apply negb_true_iff in X2. apply not_positive_eq in X2. rewrite qdot_eq in X2. exact X2.
      - rewrite <- qoutput_eq. destruct opposite; cbn [sign_of]; [apply negative_eq in V | apply positive_eq in V]; lra. }
    destruct opposite; exact U.
Qed.

Lemma check_question_ok inputs n r q : check_question inputs n r q = true -> answer inputs n r q.
Proof.
  destruct q as [i x|i proof|some proof|some x|proof|bounds]; cbn [check_question answer]; intros E.
  - apply check_witness_ok in E. destruct E as (z & L & T). apply (region_and_true inputs) in T; [|exact L]. destruct T as [T A].
    exists z. split; [exact T|]. apply above_true in A. rewrite RMicromega.Q2R_0 in A. exact A.
  - apply never_ok in E. intros (x & Hx & A). pose proof Hx as [L _]. apply (E x L). apply (region_and_true inputs); [exact L|]. split; [exact Hx|].
    apply above_true. rewrite RMicromega.Q2R_0. exact A.
  - apply never_ok in E. intros x i Hx Hi. pose proof Hx as [L _]. destruct (Req_dec (output n i x) 0) as [Z|Z]; [exact Z|]. exfalso.
    apply (E x L). apply (region_and_true inputs); [exact L|]. split; [exact Hx|]. apply not_zero_true. exists i. auto.
  - apply check_witness_ok in E. destruct E as (z & L & T). apply (region_and_true inputs) in T; [|exact L]. destruct T as [T A].
    apply not_zero_true in A. destruct A as (i & Hi & A). intros Z. apply A. exact (Z z i T Hi).
  - apply never_ok in E. intros x [L X]. apply (E x L). apply region_true, X.
  - rewrite forallb_forall in E. rewrite Forall_forall. intros b Hb. apply check_extreme_ok, E, Hb.
Qed.

End Questions.

(** The theorem about questions. *)
Theorem check_question_is_sound (bits : N) (raw_basis basis : Type) prepare refresh solve inputs n r q :
  check_question bits raw_basis basis prepare refresh solve inputs n r q = true -> answer raw_basis inputs n r q.
Proof. apply check_question_ok. Qed.

Print Assumptions check_question_is_sound.
