(** The formula as clauses, and the region of a case (docs/certificate-format.md, "Holds: clauses and cases"). *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Terms Lowering.
Import ListNotations.
Open Scope R_scope.

(** ** Clauses *)

Definition same_rational (a b : Q) : bool := ((Qnum a =? Qnum b) && (Qden a =? Qden b)%positive)%Z%bool.

Fixpoint same_list (a b : list Q) : bool :=
  match a, b with
  | [], [] => true
  | q :: a, p :: b => same_rational q p && same_list a b
  | _, _ => false
  end.

(** "Two atoms are the same if coefficients, bound and strictness are." *)
Definition same_atom (a b : atom) : bool :=
  same_rational (limit a) (limit b) && Bool.eqb (strict a) (strict b)
  && same_list (on_inputs a) (on_inputs b) && same_list (on_outputs a) (on_outputs b).

Lemma same_rational_eq a b : same_rational a b = true -> a = b.
Proof.
  unfold same_rational. intros H. apply andb_true_iff in H. destruct H as [N D]. apply Z.eqb_eq in N. apply Pos.eqb_eq in D.
  destruct a, b. cbn in *. congruence.
Qed.

Lemma same_list_eq : forall a b, same_list a b = true -> a = b.
Proof.
  induction a as [|q a IH]; intros [|p b] H; cbn in H; try discriminate; [reflexivity|].
  apply andb_true_iff in H. destruct H as [H1 H2]. rewrite (same_rational_eq _ _ H1), (IH _ H2). reflexivity.
Qed.

Lemma same_atom_eq a b : same_atom a b = true -> a = b.
Proof.
  unfold same_atom. rewrite !andb_true_iff. intros [[[L S] I] O].
  apply same_rational_eq in L. apply Bool.eqb_prop in S. apply same_list_eq in I, O. destruct a, b. cbn in *. congruence.
Qed.

(** Repeated atoms once. *)
Fixpoint distinct (seen : list atom) (c : list atom) : list atom :=
  match c with
  | [] => []
  | a :: c => if existsb (same_atom a) seen then distinct seen c else a :: distinct (a :: seen) c
  end.

Lemma distinct_all (T : atom -> Prop) : forall c seen, Forall T c -> Forall T (distinct seen c).
Proof.
  induction c as [|a c IH]; intros seen H; cbn [distinct]; [constructor|]. inversion H; subst.
  destruct (existsb _ _); auto.
Qed.

(** "An or gives its parts' clauses one part after another; an and every combination, the last part's choice changing fastest." *)
Fixpoint combinations (f : formula) : list (list atom) :=
  match f with
  | Is a => [[a]]
  | Or parts => (fix some l := match l with [] => [] | g :: l => combinations g ++ some l end) parts
  | And parts =>
      (fix all l :=
         match l with
         | [] => [[]]
         | g :: l => let later := all l in flat_map (fun c => map (app c) later) (combinations g)
         end) parts
  end.

Definition clauses_of (f : formula) : list (list atom) := map (distinct []) (combinations f).

Section Induction.
Variable Pr : formula -> Prop.
Hypothesis on_atom : forall a, Pr (Is a).
Hypothesis on_and : forall l, Forall Pr l -> Pr (And l).
Hypothesis on_or : forall l, Forall Pr l -> Pr (Or l).
Fixpoint formula_rect' (f : formula) : Pr f :=
  match f with
  | Is a => on_atom a
  | And l => on_and l ((fix go l : Forall Pr l := match l with [] => Forall_nil _ | g :: l => Forall_cons _ (formula_rect' g) (go l) end) l)
  | Or l => on_or l ((fix go l : Forall Pr l := match l with [] => Forall_nil _ | g :: l => Forall_cons _ (formula_rect' g) (go l) end) l)
  end.
End Induction.

Lemma combinations_ok x y : forall f, true_at f x y -> Exists (Forall (fun a => atom_true a x y)) (combinations f).
Proof.
  apply (formula_rect' (fun f => true_at f x y -> Exists (Forall (fun a => atom_true a x y)) (combinations f))).
  - intros a H. cbn. constructor. constructor; [exact H | constructor].
  - intros l IH. cbn [true_at combinations]. induction IH as [|g l Hg _ IHl]; intros H.
    + constructor. constructor.
    + destruct H as [H1 H2]. specialize (Hg H1). specialize (IHl H2). cbn zeta.
      apply Exists_exists in Hg. destruct Hg as (c & Hc & C). apply Exists_exists in IHl. destruct IHl as (d & Hd & D).
      apply Exists_exists. exists (c ++ d). split; [|apply Forall_app; auto].
      apply in_flat_map. exists c. split; [exact Hc|]. apply in_map, Hd.
  - intros l IH. cbn [true_at combinations]. induction IH as [|g l Hg _ IHl]; intros H; [contradiction|].
    apply Exists_app. destruct H as [H|H]; [left; auto | right; auto].
Qed.

Lemma clauses_ok x y f : true_at f x y -> Exists (Forall (fun a => atom_true a x y)) (clauses_of f).
Proof.
  intros H. apply combinations_ok in H. unfold clauses_of. apply Exists_exists in H. destruct H as (c & Hc & C).
  apply Exists_exists. exists (distinct [] c). split; [apply in_map, Hc | apply distinct_all, C].
Qed.

(** ** Atoms on inputs alone *)

Definition on_inputs_alone (a : atom) : bool := forallb is_zero (on_outputs a).

(** The atom as a constraint of the inputs. *)
Definition constraint_of_atom (a : atom) : constraint := (Row (on_inputs a) (- limit a), strict a).

Lemma constraint_of_atom_true a x y : on_inputs_alone a = true -> atom_true a x y -> constraint_true x (constraint_of_atom a).
Proof.
  intros O. unfold atom_true, constraint_true, constraint_of_atom. cbn [fst snd]. rewrite (zeros_dot _ O).
  unfold at_row. cbn [weights bias]. rewrite Q2R_opp. intros H.
  replace (dot (on_inputs a) x + - Q2R (limit a)) with (dot (on_inputs a) x + 0 - Q2R (limit a)) by lra. exact H.
Qed.

Fixpoint first_nonzero (j : nat) (w : list Q) : option (nat * Q) :=
  match w with
  | [] => None
  | q :: w => if is_zero q then first_nonzero (S j) w else Some (j, q)
  end.

(** Whether coefficients are q at j and 0 elsewhere. *)
Definition is_unit (j : nat) (q : Q) (w : list Q) : bool := forallb is_zero (qaxpy (-1 # 1) (unit j q) w).

Lemma is_unit_dot j q w v : is_unit j q w = true -> dot w v = Q2R q * nth j v 0.
Proof.
  intros H. pose proof (zeros_dot _ H v) as E. rewrite dot_qaxpy, unit_dot in E.
  replace (Q2R (-1 # 1)) with (-1) in E by (unfold Q2R; cbn; lra). lra.
Qed.

(** A bound of one input: which, whether from above, the value, and whether it is strict. *)
Record bound_of_input := BoundOf { of_input : nat; from_above : bool; at_value : Q; strictly : bool }.

Definition bound_true (x : list R) (b : bound_of_input) : Prop :=
  let e := if from_above b then nth (of_input b) x 0 - Q2R (at_value b) else Q2R (at_value b) - nth (of_input b) x 0 in
  at_most_zero (strictly b) e.

(** "An atom on a single input gives a bound." *)
Definition single (c : constraint) : option bound_of_input :=
  match first_nonzero 0 (weights (fst c)) with
  | None => None
  | Some (j, q) =>
      if is_unit j q (weights (fst c)) && (positive q || negative q)
      then Some (BoundOf j (positive q) (reduced (- bias (fst c) / q)) (snd c))
      else None
  end.

Lemma single_true x c b : constraint_true x c -> single c = Some b -> bound_true x b.
Proof.
  intros H E. unfold single in E. destruct (first_nonzero _ _) as [[j q]|]; [|discriminate].
  destruct (is_unit _ _ _ && _) eqn:B; [|discriminate]. injection E as <-. apply andb_true_iff in B. destruct B as [U S].
  unfold bound_true, constraint_true, at_row in *. cbn [of_input from_above at_value strictly]. rewrite (is_unit_dot _ _ _ _ U) in H.
  set (xj := nth j x 0) in *. rewrite reduced_eq.
  assert (NZ : ~ (q == 0)%Q).
  { intros Z. apply Qeq_eqR in Z. rewrite RMicromega.Q2R_0 in Z. apply orb_true_iff in S. destruct S as [S|S];
      [apply positive_eq in S | apply negative_eq in S]; lra. }
  unfold Qdiv. rewrite Q2R_mult, Q2R_inv, Q2R_opp by exact NZ. set (k := Q2R (bias (fst c))) in *.
  assert (V : exists r, Q2R q * xj + k = Q2R q * r /\ r = xj - - k * / Q2R q).
  { exists (xj - - k * / Q2R q). split; [|reflexivity]. field. intros Z. apply NZ. apply eqR_Qeq. rewrite Z, RMicromega.Q2R_0. reflexivity. }
  destruct V as (r & E1 & E2). rewrite E1 in H. destruct (positive q) eqn:PQ.
  - apply positive_eq in PQ. rewrite <- E2. destruct (snd c); cbn [at_most_zero] in *; nra.
  - cbn [orb] in S. apply negative_eq in S. replace (- k * / Q2R q - xj) with (- r) by lra.
    destruct (snd c); cbn [at_most_zero] in *; nra.
Qed.

Fixpoint singles (cs : list constraint) : list bound_of_input :=
  match cs with
  | [] => []
  | c :: cs => match single c with Some b => b :: singles cs | None => singles cs end
  end.

Lemma singles_true x cs : Forall (constraint_true x) cs -> Forall (bound_true x) (singles cs).
Proof.
  induction 1 as [|c cs H _ IH]; cbn [singles]; [constructor|]. destruct (single c) as [b|] eqn:E; [|exact IH].
  constructor; [eapply single_true; eassumption | exact IH].
Qed.

(** ** [off]: bounds of one input that contradict each other, or a false atom without variables *)

Definition contradicts (a b : bound_of_input) : bool :=
  (of_input a =? of_input b)%nat && negb (from_above a) && from_above b
  && (let d := qadd (at_value a) (- at_value b) in positive d || is_zero d && (strictly a || strictly b)).

Definition false_without_variables (c : constraint) : bool :=
  forallb is_zero (weights (fst c)) && (positive (bias (fst c)) || is_zero (bias (fst c)) && snd c).

Definition has_no_point (cs : list constraint) : bool :=
  let bs := singles cs in
  existsb false_without_variables cs || existsb (fun a => existsb (contradicts a) bs) bs.

Lemma has_no_point_ok x cs : Forall (constraint_true x) cs -> has_no_point cs = true -> False.
Proof.
  intros H E. unfold has_no_point in E. apply orb_true_iff in E. destruct E as [E|E].
  - apply existsb_exists in E. destruct E as (c & Hc & E). rewrite Forall_forall in H. specialize (H c Hc).
    unfold false_without_variables in E. apply andb_true_iff in E. destruct E as [W B].
    unfold constraint_true, at_row in H. rewrite (zeros_dot _ W) in H. apply orb_true_iff in B. destruct B as [B|B].
    + apply positive_eq in B. destruct (snd c); cbn [at_most_zero] in H; lra.
    + apply andb_true_iff in B. destruct B as [B S]. apply is_zero_eq in B. rewrite S in H. cbn [at_most_zero] in H. lra.
  - apply singles_true in H. apply existsb_exists in E. destruct E as (a & Ha & E).
    apply existsb_exists in E. destruct E as (b & Hb & E). rewrite Forall_forall in H.
    pose proof (H a Ha) as A. pose proof (H b Hb) as B. unfold contradicts in E. rewrite !andb_true_iff in E.
    destruct E as [[[J NA] FB] D]. apply Nat.eqb_eq in J. apply negb_true_iff in NA. unfold bound_true in A, B.
    rewrite NA in A. rewrite FB in B. rewrite <- J in B. apply orb_true_iff in D. destruct D as [D|D].
    + apply positive_eq in D. rewrite qadd_eq, Q2R_opp in D. destruct (strictly a), (strictly b); cbn [at_most_zero] in *; lra.
    + apply andb_true_iff in D. destruct D as [D S]. apply is_zero_eq in D. rewrite qadd_eq, Q2R_opp in D.
      destruct (strictly a), (strictly b); cbn [at_most_zero orb] in *; try discriminate; lra.
Qed.

(** ** [reach] and [void] *)

Fixpoint with_factors (cs : list constraint) (ys : list Q) : option (list (constraint * Q)) :=
  match cs, ys with
  | [], [] => Some []
  | c :: cs, y :: ys => option_map (cons (c, y)) (with_factors cs ys)
  | _, _ => None
  end.

Lemma with_factors_fst (T : constraint -> Prop) : forall cs ys ts, Forall T cs -> with_factors cs ys = Some ts ->
  Forall (fun t => T (fst t)) ts.
Proof.
  induction cs as [|c cs IH]; intros [|y ys] ts H E; cbn [with_factors] in E; try discriminate.
  - injection E as <-. constructor.
  - destruct (with_factors cs ys) as [ts'|] eqn:W; [|discriminate]. cbn in E. injection E as <-. inversion H; subst.
    constructor; [assumption | eapply IH; eassumption].
Qed.

Definition is_void (cs : list constraint) (ys : list Q) : bool :=
  match with_factors cs ys with Some ts => contradiction ts | None => false end.

Lemma is_void_ok x cs ys : Forall (constraint_true x) cs -> is_void cs ys = true -> False.
Proof.
  intros H E. unfold is_void in E. destruct (with_factors cs ys) as [ts|] eqn:W; [|discriminate].
  eapply contradiction_false; [exact E|]. eapply with_factors_fst; eassumption.
Qed.

Record reach := Reach { reach_input : nat; reach_above : bool; reach_value : Q; reach_factors : list Q }.

Definition bound_of_reach (cs : list constraint) (r : reach) : option bound_of_input :=
  match with_factors cs (reach_factors r) with
  | None => None
  | Some ts =>
      let total := fst (add_up ts) in
      let q := if reach_above r then 1%Q else (-1 # 1)%Q in
      let gap := qadd (bias total) (if reach_above r then reach_value r else (- reach_value r)%Q) in
      if no_negative ts && is_unit (reach_input r) q (weights total) && negb (negative gap)
      then Some (BoundOf (reach_input r) (reach_above r) (reach_value r) false) else None
  end.

Lemma bound_of_reach_true x cs r b : Forall (constraint_true x) cs -> bound_of_reach cs r = Some b -> bound_true x b.
Proof.
  intros H E. unfold bound_of_reach in E. destruct (with_factors _ _) as [ts|] eqn:W; [|discriminate]. cbv zeta in E.
  destruct (_ && _) eqn:B; [|discriminate]. injection E as <-. rewrite !andb_true_iff in B. destruct B as [[NN U] G].
  pose proof (add_up_true x ts NN (with_factors_fst _ _ _ _ H W)) as T.
  apply negb_true_iff in G. apply not_negative_eq in G. rewrite qadd_eq in G.
  unfold constraint_true, at_row in T. rewrite (is_unit_dot _ _ _ _ U) in T.
  assert (T' : Q2R (if reach_above r then 1 else -1 # 1) * nth (reach_input r) x 0 + Q2R (bias (fst (add_up ts))) <= 0)
    by (destruct (snd (add_up ts)); cbn [at_most_zero] in T; lra).
  unfold bound_true. cbn [of_input from_above at_value strictly at_most_zero]. destruct (reach_above r).
  - rewrite Q2R_1 in T'. lra.
  - rewrite Q2R_opp in G. replace (Q2R (-1 # 1)) with (-1) in T' by (unfold Q2R; cbn; lra). lra.
Qed.

(** "The tightest counts." *)
Fixpoint tightest (j : nat) (above : bool) (bs : list bound_of_input) : option Q :=
  match bs with
  | [] => None
  | b :: bs =>
      let later := tightest j above bs in
      if (of_input b =? j)%nat && Bool.eqb (from_above b) above
      then match later with
           | None => Some (at_value b)
           | Some v => Some (if Bool.eqb (positive (qadd (at_value b) (- v))) above then v else at_value b)
           end
      else later
  end.

Lemma tightest_true x j above : forall bs v, Forall (bound_true x) bs -> tightest j above bs = Some v ->
  if above then nth j x 0 <= Q2R v else Q2R v <= nth j x 0.
Proof.
  induction bs as [|b bs IH]; intros v H E; cbn [tightest] in E; [discriminate|]. inversion H as [|? ? H1 H2]; subst.
  destruct ((of_input b =? j)%nat && Bool.eqb (from_above b) above) eqn:M; [|apply IH; assumption].
  apply andb_true_iff in M. destruct M as [MJ MA]. apply Nat.eqb_eq in MJ. apply Bool.eqb_prop in MA.
  assert (B : if above then nth j x 0 <= Q2R (at_value b) else Q2R (at_value b) <= nth j x 0).
  { unfold bound_true in H1. rewrite MJ, MA in H1. destruct above, (strictly b); cbn [at_most_zero] in H1; lra. }
  destruct (tightest j above bs) as [w|]; [|injection E as <-; exact B].
  specialize (IH w H2 eq_refl). injection E as <-. destruct (Bool.eqb _ _); assumption.
Qed.

(** The box: both ends of so many inputs, from the k-th on. *)
Fixpoint ends (bs : list bound_of_input) (k count : nat) : option (list (Q * Q)) :=
  match count with
  | O => Some []
  | S count =>
      match tightest k false bs, tightest k true bs, ends bs (S k) count with
      | Some l, Some u, Some rest => Some ((l, u) :: rest)
      | _, _, _ => None
      end
  end.

Lemma ends_true all bs : Forall (bound_true all) bs -> forall x count k box, length x = count ->
  (forall i, nth i x 0 = nth (k + i) all 0) -> ends bs k count = Some box ->
  Forall2 (fun lu a => Q2R (fst lu) <= a <= Q2R (snd lu)) box x.
Proof.
  intros H. induction x as [|a x IH]; intros count k box Len Nth E; destruct count as [|count]; try discriminate; cbn [ends] in E.
  - injection E as <-. constructor.
  - injection Len as Len. destruct (tightest k false bs) as [l|] eqn:TL; [|discriminate].
    destruct (tightest k true bs) as [u|] eqn:TU; [|discriminate]. destruct (ends bs (S k) count) as [rest|] eqn:R; [|discriminate].
    injection E as <-. constructor.
    + pose proof (tightest_true all k false bs l H TL) as TL'. pose proof (tightest_true all k true bs u H TU) as TU'.
      specialize (Nth 0%nat). rewrite Nat.add_0_r in Nth. cbn [nth] in Nth. cbn [fst snd]. rewrite Nth. lra.
    + eapply IH; [exact Len | | exact R]. intros i. rewrite Nat.add_succ_comm. exact (Nth (S i)).
Qed.
