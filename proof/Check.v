(** The checking function of certificates of the kind verification, and the theorem about it. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Terms Tree Lowering Clauses Units.
Import ListNotations.
Open Scope R_scope.

(** ** Witnesses (docs/certificate-format.md, "Violated") *)

Definition qat_row (r : row) (v : list Q) : Q := qadd (qdot (weights r) v) (bias r).
Definition qat_layer (l : layer) (v : list Q) : list Q :=
  map (fun r => let z := qat_row r v in if relu l then (if negative z then 0%Q else z) else z) (rows l).
Definition qoutputs (n : network) (x : list Q) : list Q := fold_left (fun v l => qat_layer l v) n x.

Lemma qat_row_eq r v : Q2R (qat_row r v) = at_row r (map Q2R v).
Proof. unfold qat_row, at_row. rewrite qadd_eq, qdot_eq. reflexivity. Qed.

Lemma qat_layer_eq l v : map Q2R (qat_layer l v) = at_layer l (map Q2R v).
Proof.
  unfold qat_layer, at_layer. rewrite map_map. apply map_ext. intros r. cbv zeta. rewrite <- qat_row_eq.
  destruct (relu l); [|reflexivity]. destruct (negative (qat_row r v)) eqn:N.
  - apply negative_eq in N. rewrite Rmax_left by lra. apply RMicromega.Q2R_0.
  - apply not_negative_eq in N. rewrite Rmax_right by lra. reflexivity.
Qed.

Lemma qoutputs_eq n : forall x, map Q2R (qoutputs n x) = outputs n (map Q2R x).
Proof.
  unfold qoutputs, outputs. induction n as [|l n IH]; intros x; cbn [fold_left]; [reflexivity|].
  rewrite IH, qat_layer_eq. reflexivity.
Qed.

Definition qatom_true (a : atom) (x y : list Q) : bool :=
  let e := qadd (qadd (qdot (on_inputs a) x) (qdot (on_outputs a) y)) (- limit a) in
  if strict a then negative e else negb (positive e).

Fixpoint qtrue_at (f : formula) (x y : list Q) : bool :=
  match f with
  | Is a => qatom_true a x y
  | And parts => (fix all l := match l with [] => true | g :: l => qtrue_at g x y && all l end) parts
  | Or parts => (fix some l := match l with [] => false | g :: l => qtrue_at g x y || some l end) parts
  end.

Lemma qtrue_at_ok x y : forall f, qtrue_at f x y = true -> true_at f (map Q2R x) (map Q2R y).
Proof.
  apply (formula_rect' (fun f => qtrue_at f x y = true -> true_at f (map Q2R x) (map Q2R y))).
  - intros a H. cbn [qtrue_at true_at] in *. unfold qatom_true in H. cbv zeta in H. unfold atom_true.
    set (e := qadd _ _) in H. assert (E : Q2R e = dot (on_inputs a) (map Q2R x) + dot (on_outputs a) (map Q2R y) - Q2R (limit a)).
    { unfold e. rewrite !qadd_eq, !qdot_eq, Q2R_opp. lra. }
    rewrite <- E. destruct (strict a); cbn [at_most_zero].
    + apply negative_eq, H.
    + apply not_positive_eq. apply negb_true_iff, H.
  - intros l IH. cbn [qtrue_at true_at]. induction IH as [|g l Hg _ IHl]; intros H; [exact I|].
    apply andb_true_iff in H. destruct H as [H1 H2]. split; [apply Hg, H1 | apply IHl, H2].
  - intros l IH. cbn [qtrue_at true_at]. induction IH as [|g l Hg _ IHl]; intros H; [discriminate|].
    apply orb_true_iff in H. destruct H as [H|H]; [left; apply Hg, H | right; apply IHl, H].
Qed.

Definition check_witness (inputs : nat) (n : network) (f : formula) (x : list Q) : bool :=
  (length x =? inputs)%nat && qtrue_at f x (qoutputs n x).

Lemma check_witness_ok inputs n f x : check_witness inputs n f x = true -> violated inputs n f.
Proof.
  intros H. apply andb_true_iff in H. destruct H as [L T]. apply Nat.eqb_eq in L. exists (map Q2R x).
  rewrite map_length. split; [exact L|]. rewrite <- qoutputs_eq. apply qtrue_at_ok, T.
Qed.

(** ** Cases *)

Section Cases.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.
Variables raw_basis basis : Type.
Variable prepare : raw_basis -> list bound -> list bound -> option basis.
Variable refresh : basis -> list bound -> list bound -> basis.
Variable solve : list basis -> list range -> bound -> list (name * Z).

Notation S := (power F).
Notation record := (record raw_basis).
Notation state := (state basis).
Notation run := (run F raw_basis basis prepare refresh solve).
Notation P := (P F basis).

(** What a clause without a point, or a case, is proved by. *)
Inductive item :=
  | Off (k : nat)
  | Void (ks : list nat) (factors : list Q)
  | Case (ks : list nat) (reaches : list reach) (tree : list record).

(** The network as ReLU layers and what comes after them, and the clauses. *)
Record problem := Problem {
  dimension : nat;
  relus_of : list (list row);
  base : stack;
  after : option (list row);
  clauses : list (list atom)
}.

Definition outputs_of (p : problem) (x : list R) : list R := then_rows (after p) (run_rows (relus_of p) x).
Definition clause_true (p : problem) (x : list R) (c : list atom) : Prop := Forall (fun a => atom_true a x (outputs_of p x)) c.
Definition refuted (p : problem) (k : nat) : Prop :=
  forall x c, length x = dimension p -> nth_error (clauses p) k = Some c -> ~ clause_true p x c.

Definition well_made (p : problem) : Prop := base p = new_stack F (relus_of p).

Definition input_constraints (c : list atom) : list constraint := map constraint_of_atom (filter on_inputs_alone c).
Definition output_atoms (c : list atom) : list atom := filter (fun a => negb (on_inputs_alone a)) c.

Lemma input_constraints_true p x c : clause_true p x c -> Forall (constraint_true x) (input_constraints c).
Proof.
  intros H. unfold clause_true in H. unfold input_constraints. rewrite Forall_forall in *. intros k Hk. apply in_map_iff in Hk.
  destruct Hk as (a & <- & Ha). apply filter_In in Ha. destruct Ha as [Ha O].
  eapply constraint_of_atom_true; [exact O | apply H, Ha].
Qed.

Fixpoint named (all : list (list atom)) (ks : list nat) : option (list (nat * list atom)) :=
  match ks with
  | [] => Some []
  | k :: ks =>
      match nth_error all k, named all ks with
      | Some c, Some cs => Some ((k, c) :: cs)
      | _, _ => None
      end
  end.

Lemma named_in all : forall ks cs k, named all ks = Some cs -> In k ks ->
  exists c, nth_error all k = Some c /\ In (k, c) cs.
Proof.
  induction ks as [|j ks IH]; intros cs k E H; cbn [named] in E; [contradiction|].
  destruct (nth_error all j) as [c|] eqn:N; [|discriminate]. destruct (named all ks) as [cs'|]; [|discriminate].
  injection E as <-. destruct H as [->|H].
  - exists c. split; [exact N | left; reflexivity].
  - destruct (IH cs' k eq_refl H) as (d & D & I). exists d. split; [exact D | right; exact I].
Qed.

(** "They must have the same set of atoms on inputs alone." *)
Definition included (a b : list atom) : bool :=
  forallb (fun x => negb (on_inputs_alone x) || existsb (same_atom x) b) a.

Lemma included_true p x a b : included a b = true -> clause_true p x b -> Forall (constraint_true x) (input_constraints a).
Proof.
  intros H C. unfold input_constraints. unfold included in H. rewrite forallb_forall in H. rewrite Forall_forall.
  intros k Hk. apply in_map_iff in Hk. destruct Hk as (t & <- & Ht). apply filter_In in Ht. destruct Ht as [Ht O].
  specialize (H t Ht). rewrite O in H. cbn [negb orb] in H. apply existsb_exists in H. destruct H as (u & Hu & SA).
  apply same_atom_eq in SA. subst u. unfold clause_true in C. rewrite Forall_forall in C.
  eapply constraint_of_atom_true; [exact O | apply C, Hu].
Qed.

(** An atom's excess in inputs counted from the origin. *)
Definition goal_of (origin : list Q) (last : option (list row)) (a : atom) : goal :=
  let k := qadd (qdot (on_inputs a) origin) (- limit a) in
  let e := match last with
           | None => Affine (on_outputs a) (on_inputs a) k
           | Some p => let r := qcompose (on_outputs a) p (Row [] k) in Affine (weights r) (on_inputs a) (bias r)
           end in
  Goal e (fix_affine F e) (strict a).

Definition last_rows (p : problem) (origin : list Q) : option (list row) :=
  match base p with [] => option_map (map (shift_row origin)) (after p) | _ => after p end.

Definition has_layers (p : problem) : bool :=
  match base p, after p with [], None => false | _, _ => true end.

Lemma goal_of_true p x origin a : well_made p -> has_layers p = true -> length x = length origin ->
  atom_true a x (outputs_of p x) ->
  goal_true F (shift_stack F origin (base p)) (minus x origin) (goal_of origin (last_rows p origin) a).
Proof.
  intros WM HL Len T. split; [reflexivity|]. cbn [is_strict goal_of excess].
  unfold atom_true in T. eapply smaller_true; [|exact T]. apply Req_le.
  destruct (new_stack_ok F F_nonneg x (relus_of p)) as [SO AE]. rewrite <- WM in SO, AE. unfold outputs_of. rewrite <- AE.
  unfold last_rows, has_layers in *. pose proof (dot_minus (on_inputs a) x origin Len) as DM.
  destruct (base p) as [|ns rest] eqn:B.
  - destruct (after p) as [q|]; [|discriminate]. cbn [option_map shift_stack act then_rows].
    unfold at_affine. cbn [on_last on_points constant act].
    set (k := qadd _ _). pose proof (qcompose_eq (on_outputs a) (map (shift_row origin) q) (Row [] k) (minus x origin)) as QE.
    unfold at_row at 1 in QE. rewrite map_map in QE.
    rewrite (map_ext _ (fun r => at_row r x)) in QE by (intros r; apply shift_row_eq, Len).
    unfold at_row at 2 in QE. cbn [weights bias dot] in QE. unfold k in *. rewrite qadd_eq, qdot_eq, Q2R_opp in QE. lra.
  - destruct (shift_stack_ok F F_nonneg origin x Len (ns :: rest) ltac:(discriminate) SO) as [_ AS].
    unfold at_affine. rewrite AS. set (v := act (ns :: rest) x). set (k := qadd _ _).
    assert (K : Q2R k = dot (on_inputs a) (map Q2R origin) - Q2R (limit a)) by (unfold k; rewrite qadd_eq, qdot_eq, Q2R_opp; lra).
    destruct (after p) as [q|]; cbn [on_last on_points constant then_rows].
    + pose proof (qcompose_eq (on_outputs a) q (Row [] k) v) as QE. unfold at_row at 1 in QE. unfold at_row at 2 in QE.
      cbn [weights bias dot] in QE. lra.
    + lra.
Qed.

(** A constraint as a row in fixed point numbers, rounded down. *)
Definition fixed_constraint (r : row) : bound := (map (floor F) (weights r), floor (F + F) (bias r)).

Lemma fixed_constraint_true y c : nonnegative y -> constraint_true y c -> row_true F y (fixed_constraint (fst c)).
Proof.
  intros N H. unfold row_true, value, fixed_constraint. cbn [fst snd].
  pose proof (floors_below F (weights (fst c)) F_nonneg y N) as B.
  pose proof (floor_below (F + F) (bias (fst c)) ltac:(lia)) as K. rewrite power_add in K by exact F_nonneg.
  pose proof (S_pos F F_nonneg) as Sp. unfold constraint_true, at_row in H.
  assert (H' : dot (weights (fst c)) y + Q2R (bias (fst c)) <= 0) by (destruct (snd c); cbn [at_most_zero] in H; lra).
  assert (S * zdot (map (floor F) (weights (fst c))) y <= S * (S * dot (weights (fst c)) y)) by (apply Rmult_le_compat_l; lra).
  assert (S * S * (dot (weights (fst c)) y + Q2R (bias (fst c))) <= 0) by nra. lra.
Qed.

Definition shift_constraint (origin : list Q) (c : constraint) : constraint := (shift_row origin (fst c), snd c).

Definition is_row (c : constraint) : bool := match single c with None => true | Some _ => false end.

(** Bounds by reach records, each one that was not there. *)
Fixpoint reached (cs : list constraint) (bs : list bound_of_input) (rs : list reach) : option (list bound_of_input) :=
  match rs with
  | [] => Some bs
  | r :: rs =>
      match tightest (reach_input r) (reach_above r) bs, bound_of_reach cs r with
      | None, Some b => reached cs (b :: bs) rs
      | _, _ => None
      end
  end.

Lemma reached_true x cs : Forall (constraint_true x) cs -> forall rs bs bs', Forall (bound_true x) bs ->
  reached cs bs rs = Some bs' -> Forall (bound_true x) bs'.
Proof.
  intros H. induction rs as [|r rs IH]; intros bs bs' B E; cbn [reached] in E.
  - injection E as <-. exact B.
  - destruct (tightest _ _ _); [discriminate|]. destruct (bound_of_reach cs r) as [b|] eqn:BR; [|discriminate].
    eapply IH; [|exact E]. constructor; [eapply bound_of_reach_true; eassumption | exact B].
Qed.

Definition root (p : problem) (cs : list constraint) (box : list (Q * Q)) (own : list (nat * list atom)) : state :=
  let origin := map fst box in
  State basis (shift_stack F origin (base p)) None
    (map (fun lu => make_range F 0 (qadd (snd lu) (- fst lu))) box)
    (map (fun c => fixed_constraint (fst (shift_constraint origin c))) (filter is_row cs)) [] []
    (map (fun kc => (fst kc, map (goal_of origin (last_rows p origin)) (output_atoms (snd kc)))) own).

Lemma minus_box : forall box x, Forall2 (fun lu a => Q2R (fst lu) <= a <= Q2R (snd lu)) box x ->
  nonnegative (minus x (map fst box)) /\ length x = length (map (@fst Q Q) box) /\
  Forall2 (range_ok F) (map (fun lu => make_range F 0 (qadd (snd lu) (- fst lu))) box) (minus x (map fst box)).
Proof.
  induction 1 as [|[l u] a box x B _ IH]; cbn [map minus fst snd length] in *; [repeat constructor|].
  destruct IH as (N & L & R). split; [constructor; [lra | exact N]|]. split; [congruence|].
  constructor; [|exact R]. apply make_range_ok; [exact F_nonneg|]. rewrite qadd_eq, Q2R_opp, RMicromega.Q2R_0. lra.
Qed.

Lemma root_P p x cs box own k c : well_made p -> has_layers p = true -> 
  Forall (constraint_true x) cs -> Forall2 (fun lu a => Q2R (fst lu) <= a <= Q2R (snd lu)) box x ->
  In (k, c) own -> clause_true p x c -> P (root p cs box own) (minus x (map fst box)).
Proof.
  intros WM HL CS B Hk C. destruct (minus_box box x B) as (N & Len & R). unfold Tree.P, root.
  cbn [layers Tree.box split_rows clip_rows left]. set (origin := map fst box) in *.
  destruct (new_stack_ok F F_nonneg x (relus_of p)) as [SO AE]. rewrite <- WM in SO, AE.
  split; [|split; [exact R | split; [|split; [constructor|]]]].
  - destruct (base p) as [|ns rest]; [exact I|].
    destruct (shift_stack_ok F F_nonneg origin x Len (ns :: rest) ltac:(discriminate) SO) as [SS _]. exact SS.
  - rewrite Forall_forall in *. intros b Hb. apply in_map_iff in Hb. destruct Hb as (d & <- & Hd). apply filter_In in Hd.
    destruct Hd as [Hd _]. apply (fixed_constraint_true _ (shift_constraint origin d)); [exact N|].
    unfold constraint_true, shift_constraint. cbn [fst snd]. rewrite shift_row_eq by exact Len. apply CS, Hd.
  - apply Exists_exists. exists (k, map (goal_of origin (last_rows p origin)) (output_atoms c)). split.
    + apply in_map_iff. exists (k, c). auto.
    + cbn [snd]. rewrite Forall_forall. intros g Hg. apply in_map_iff in Hg. destruct Hg as (a & <- & Ha).
      apply filter_In in Ha. destruct Ha as [Ha _]. unfold clause_true in C. rewrite Forall_forall in C.
      apply goal_of_true; auto.
Qed.

(** A case: its clauses, its region, its tree. *)
Definition check_case (p : problem) (ks : list nat) (reaches : list reach) (tree : list record) : bool :=
  match named (clauses p) ks with
  | Some ((k, c) :: others) =>
      let cs := input_constraints c in
      forallb (fun kd => included c (snd kd) && included (snd kd) c) others
      && match reached cs (singles cs) reaches with
         | None => false
         | Some bs =>
             match ends bs 0 (dimension p) with
             | None => false
             | Some box =>
                 let origin := map fst box in
                 match run (map (shift_constraint origin) cs) origin tree (push basis (root p cs box ((k, c) :: others)) []) with
                 | Some [] => true
                 | _ => false
                 end
             end
         end
  | _ => false
  end.

Lemma check_case_ok p ks reaches tree k : well_made p -> has_layers p = true ->
  check_case p ks reaches tree = true -> In k ks -> refuted p k.
Proof.
  intros WM HL E Hk x d Len Hd T. unfold check_case in E.
  destruct (named (clauses p) ks) as [[|[k0 c] others]|] eqn:NM; try discriminate. cbv zeta in E.
  apply andb_true_iff in E. destruct E as [SI E]. set (cs := input_constraints c) in *.
  destruct (named_in _ _ _ k NM Hk) as (d' & Hd' & In'). assert (d' = d) by congruence. subst d'.
  assert (CS : Forall (constraint_true x) cs).
  { destruct In' as [In'|In'].
    - injection In' as _ ->. eapply input_constraints_true; exact T.
    - rewrite forallb_forall in SI. specialize (SI _ In'). apply andb_true_iff in SI. destruct SI as [SI _].
      eapply included_true; [exact SI | exact T]. }
  destruct (reached cs (singles cs) reaches) as [bs|] eqn:RE; [|discriminate].
  pose proof (reached_true x cs CS _ _ _ (singles_true x cs CS) RE) as BT.
  destruct (ends bs 0 (dimension p)) as [box|] eqn:EN; [|discriminate].
  pose proof (ends_true x bs BT x (dimension p) 0 box Len (fun i => eq_refl) EN) as B.
  destruct (run _ _ _ _) as [[|]|] eqn:RU; try discriminate.
  destruct (minus_box box x B) as (N & LenB & _).
  assert (FA : Forall (constraint_true (minus x (map fst box))) (map (shift_constraint (map fst box)) cs)).
  { rewrite Forall_forall in *. intros q Hq. apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq).
    unfold constraint_true, shift_constraint. cbn [fst snd]. rewrite shift_row_eq by exact LenB. apply CS, Hq. }
  apply (run_ok F F_nonneg _ _ _ _ _ _ _ (minus x (map fst box)) N FA) in RU.
  apply push_false in RU. destruct RU as [RU _]. apply RU. eapply root_P; eassumption.
Qed.

Definition check_item (p : problem) (i : item) : bool :=
  match i with
  | Off k => match nth_error (clauses p) k with Some c => has_no_point (input_constraints c) | None => false end
  | Void ks factors =>
      match named (clauses p) ks with
      | Some ((k, c) :: others) =>
          forallb (fun kd => included c (snd kd) && included (snd kd) c) others && is_void (input_constraints c) factors
      | _ => false
      end
  | Case ks reaches tree => check_case p ks reaches tree
  end.

Definition names (i : item) : list nat := match i with Off k => [k] | Void ks _ => ks | Case ks _ _ => ks end.

Lemma check_item_ok p i k : well_made p -> has_layers p = true -> check_item p i = true -> In k (names i) -> refuted p k.
Proof.
  intros WM HL E H. destruct i as [k0|ks factors|ks reaches tree]; cbn [check_item names] in *.
  - destruct H as [->|[]]. intros x c _ Hc T. rewrite Hc in E. eapply has_no_point_ok; [|exact E]. eapply input_constraints_true; exact T.
  - intros x d _ Hd T. destruct (named (clauses p) ks) as [[|[k0 c] others]|] eqn:NM; try discriminate.
    apply andb_true_iff in E. destruct E as [SI E]. destruct (named_in _ _ _ k NM H) as (d' & Hd' & In').
    assert (d' = d) by congruence. subst d'. eapply is_void_ok; [|exact E]. destruct In' as [In'|In'].
    + injection In' as _ ->. eapply input_constraints_true; exact T.
    + rewrite forallb_forall in SI. specialize (SI _ In'). apply andb_true_iff in SI. destruct SI as [SI _].
      eapply included_true; [exact SI | exact T].
  - eapply check_case_ok; eassumption.
Qed.

Definition check_items (p : problem) (items : list item) : bool :=
  has_layers p && forallb (check_item p) items
  && (let all := flat_map names items in
      forallb (fun k => existsb (Nat.eqb k) all) (seq 0 (length (clauses p)))).

Lemma check_items_ok p items : well_made p -> check_items p items = true ->
  forall x, length x = dimension p -> Exists (clause_true p x) (clauses p) -> False.
Proof.
  intros WM E x Len T. unfold check_items in E. rewrite !andb_true_iff in E. destruct E as [[HL E] A].
  apply Exists_exists in T. destruct T as (c & Hc & T). apply In_nth_error in Hc. destruct Hc as (k & Hk).
  rewrite forallb_forall in A, E. assert (Hs : In k (seq 0 (length (clauses p)))).
  { apply in_seq. split; [lia|]. apply nth_error_Some. congruence. }
  specialize (A k Hs). apply existsb_exists in A. destruct A as (k' & Hk' & Ek). apply Nat.eqb_eq in Ek. subst k'.
  apply in_flat_map in Hk'. destruct Hk' as (i & Hi & Hin).
  exact (check_item_ok p i k WM HL (E i Hi) Hin x c Len Hk T).
Qed.

Definition problem_of (inputs : nat) (n : network) (f : formula) : problem :=
  let '(relus, pending) := lowered n [] None in
  Problem inputs relus (new_stack F relus) pending (clauses_of f).

Inductive certificate :=
  | Witness (x : list Q)
  | Cases (in_other_units : option units) (items : list item).

Definition claim (inputs : nat) (n : network) (f : formula) (c : certificate) : Prop :=
  match c with
  | Witness _ => violated inputs n f
  | Cases _ _ => holds inputs n f
  end.

Definition check (inputs : nat) (n : network) (f : formula) (c : certificate) : bool :=
  match c with
  | Witness x => check_witness inputs n f x
  | Cases None items => check_items (problem_of inputs n f) items
  | Cases (Some u) items => let '(n, f) := in_units u n f in check_items (problem_of inputs n f) items
  end.

Lemma cases_ok inputs n f items : check_items (problem_of inputs n f) items = true -> holds inputs n f.
Proof.
  intros E x Len T. unfold problem_of in E. pose proof (lowered_ok x n [] None) as L.
  destruct (lowered n [] None) as [relus pending].
  eapply (check_items_ok (Problem inputs relus (new_stack F relus) pending (clauses_of f))); [reflexivity | exact E | exact Len |].
  cbn [clauses]. unfold clause_true, outputs_of. cbn [after relus_of]. rewrite <- L. apply clauses_ok. exact T.
Qed.

Lemma check_ok inputs n f c : check inputs n f c = true -> claim inputs n f c.
Proof.
  intros E. destruct c as [x|[u|] items]; cbn [check claim] in *.
  - eapply check_witness_ok; exact E.
  - apply (in_units_holds inputs u). destruct (in_units u n f) as [n' f']. eapply cases_ok; exact E.
  - eapply cases_ok; exact E.
Qed.

End Cases.

(** The theorem: whatever the number of fraction bits and however bases are solved, what is accepted is true. *)
Theorem check_is_sound (bits : N) (raw_basis basis : Type) prepare refresh solve inputs n f c :
  check (Z.of_N bits) raw_basis basis prepare refresh solve inputs n f c = true -> claim raw_basis inputs n f c.
Proof. apply check_ok. apply N2Z.is_nonneg. Qed.

Print Assumptions check_is_sound.
