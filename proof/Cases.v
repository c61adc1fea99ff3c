(** Cases (docs/certificate-format.md, "Holds: clauses and cases"): their regions, the roots of their trees, and that all clauses are there. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Terms Records State Tree Lowering Clauses Perspective.
Import ListNotations.
Open Scope R_scope.

Section Cases.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.
Variables raw_basis basis : Type.
Variable prepare : raw_basis -> list bound -> list bound -> option basis.
Variable refresh : basis -> list bound -> list bound -> basis.
Variable solve : list basis -> list range -> bound -> list (name * Z).

Notation S := (power F).
Notation record := (@record raw_basis).
Notation state := (@state basis).

(** What a tree needs to know, with these facts and counted from this point. *)
Definition settings_of (facts : list constraint) (origin : list Q) : setting raw_basis basis :=
  Setting _ _ F F_nonneg prepare refresh solve facts origin.

Notation run facts origin := (@run raw_basis basis (settings_of facts origin)).

(** Neither matters for what a state says. *)
Notation P := (@P raw_basis basis (settings_of [] [])).
Notation goal_true := (@goal_true raw_basis basis (settings_of [] [])).
Notation row_true := (@row_true raw_basis basis (settings_of [] [])).

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
  goal_true (shift_stack F origin (base p)) (minus x origin) (goal_of origin (last_rows p origin) a).
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

Lemma fixed_constraint_true y c : nonnegative y -> constraint_true y c -> row_true y (fixed_constraint (fst c)).
Proof.
  intros N H. unfold State.row_true, value, fixed_constraint. cbn [fst snd State.F settings_of].
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

(** The state at the root of a tree: layers counted from the origin, constraints, a box, and clauses with goals of their atoms. *)
Definition start (st : stack) (cs : list constraint) (box : list (Q * Q)) (goal_for : atom -> goal) (own : list (nat * list atom)) : state :=
  let origin := map fst box in
  State st None
    (map (fun lu => make_range F 0 (qadd (snd lu) (- fst lu))) box)
    (map (fun c => fixed_constraint (fst (shift_constraint origin c))) (filter is_row cs)) [] []
    (map (fun kc => (fst kc, map goal_for (output_atoms (snd kc)))) own).

Lemma minus_box : forall box x, Forall2 within box x ->
  nonnegative (minus x (map fst box)) /\ length x = length (map (@fst Q Q) box) /\
  Forall2 (range_ok F) (map (fun lu => make_range F 0 (qadd (snd lu) (- fst lu))) box) (minus x (map fst box)).
Proof.
  induction 1 as [|[l u] a box x B _ IH]; unfold within in *; cbn [map minus fst snd length] in *; [repeat constructor|].
  destruct IH as (N & L & R). split; [constructor; [lra | exact N]|]. split; [congruence|].
  constructor; [|exact R]. apply make_range_ok; [exact F_nonneg|]. rewrite qadd_eq, Q2R_opp, RMicromega.Q2R_0. lra.
Qed.

Lemma start_P st cs box goal_for own y k c : let y' := minus y (map fst box) in
  stack_ok F st y' -> Forall (constraint_true y) cs -> Forall2 within box y -> In (k, c) own ->
  (forall a, In a (output_atoms c) -> goal_true st y' (goal_for a)) -> P (start st cs box goal_for own) y'.
Proof.
  intros y' SO CS B Hk G. destruct (minus_box box y B) as (N & Len & R). fold y' in N, R. unfold State.P, start.
  cbn [layers State.box split_rows clip_rows left State.F settings_of]. set (origin := map fst box) in *.
  split; [exact SO|]. split; [exact R|]. split; [|split; [constructor|]].
  - rewrite Forall_forall in *. intros b Hb. apply in_map_iff in Hb. destruct Hb as (d & <- & Hd). apply filter_In in Hd.
    destruct Hd as [Hd _]. apply (fixed_constraint_true _ (shift_constraint origin d)); [exact N|].
    unfold constraint_true, shift_constraint. cbn [fst snd]. unfold y'. rewrite shift_row_eq by exact Len. apply CS, Hd.
  - apply Exists_exists. exists (k, map goal_for (output_atoms c)). split.
    + apply in_map_iff. exists (k, c). auto.
    + cbn [snd]. rewrite Forall_forall. intros g Hg. apply in_map_iff in Hg. destruct Hg as (a & <- & Ha). apply G, Ha.
Qed.

(** Whether a tree closes all that starts there. *)
Definition closes (st : stack) (cs : list constraint) (box : list (Q * Q)) (goal_for : atom -> goal) (own : list (nat * list atom))
    (tree : list record) : bool :=
  let origin := map fst box in
  match run (map (shift_constraint origin) cs) origin tree (push (start st cs box goal_for own) []) with
  | Some [] => true
  | _ => false
  end.

Lemma closes_ok st cs box goal_for own tree y k c : let y' := minus y (map fst box) in
  closes st cs box goal_for own tree = true ->
  stack_ok F st y' -> Forall (constraint_true y) cs -> Forall2 within box y -> In (k, c) own ->
  (forall a, In a (output_atoms c) -> goal_true st y' (goal_for a)) -> False.
Proof.
  intros y' E SO CS B Hk G. unfold closes in E. destruct (run _ _ _ _) as [[|]|] eqn:RU; try discriminate.
  destruct (minus_box box y B) as (N & Len & _).
  assert (FA : Forall (constraint_true y') (map (shift_constraint (map fst box)) cs)).
  { apply Forall_map. eapply Forall_impl; [|exact CS]. intros q Hq. unfold constraint_true, shift_constraint, y' in *. cbn [fst snd].
    rewrite shift_row_eq by exact Len. exact Hq. }
  apply (@run_ok raw_basis basis (settings_of _ _) y' N FA) in RU.
  apply push_false in RU. destruct RU as [RU _]. apply RU. eapply start_P; eassumption.
Qed.

(** Where all inputs are bounded. *)
Definition closes_box (p : problem) (cs : list constraint) (box : list (Q * Q)) (own : list (nat * list atom)) (tree : list record) : bool :=
  let origin := map fst box in
  closes (shift_stack F origin (base p)) cs box (goal_of origin (last_rows p origin)) own tree.

Lemma closes_box_ok p cs box own tree x k c : well_made p -> has_layers p = true -> closes_box p cs box own tree = true ->
  Forall (constraint_true x) cs -> Forall2 within box x -> In (k, c) own -> clause_true p x c -> False.
Proof.
  intros WM HL E CS B Hk C. destruct (minus_box box x B) as (_ & Len & _).
  destruct (new_stack_ok F F_nonneg x (relus_of p)) as [SO _]. rewrite <- WM in SO.
  refine (closes_ok _ _ _ _ _ _ x k c E _ CS B Hk _).
  - destruct (base p) as [|ns rest]; [exact I|].
    destruct (shift_stack_ok F F_nonneg _ x Len (ns :: rest) ltac:(discriminate) SO) as [SS _]. exact SS.
  - intros a Ha. apply filter_In in Ha. destruct Ha as [Ha _]. unfold clause_true in C. rewrite Forall_forall in C.
    apply goal_of_true; auto.
Qed.

(** *** Unbounded inputs *)

(** An atom's left side as a function of the last activations and the inputs, which are not shifted. *)
Definition plain_affine (p : problem) (a : atom) : affine :=
  match after p with
  | None => Affine (on_outputs a) (on_inputs a) 0
  | Some q => let r := qcompose (on_outputs a) q (Row [] 0) in Affine (weights r) (on_inputs a) (bias r)
  end.

Lemma plain_affine_eq p x a : well_made p ->
  at_affine (plain_affine p a) (base p) x = dot (on_inputs a) x + dot (on_outputs a) (outputs_of p x).
Proof.
  intros WM. destruct (new_stack_ok F F_nonneg x (relus_of p)) as [_ AE]. rewrite <- WM in AE. unfold outputs_of. rewrite <- AE.
  unfold plain_affine, at_affine. destruct (after p) as [q|]; cbn [on_last on_points constant then_rows].
  - pose proof (qcompose_eq (on_outputs a) q (Row [] 0) (act (base p) x)) as QE. unfold at_row at 1 in QE. unfold at_row at 2 in QE.
    cbn [weights bias dot] in QE. rewrite RMicromega.Q2R_0 in QE. lra.
  - rewrite RMicromega.Q2R_0. lra.
Qed.

(** The excess times s, of inputs that are counted from the origin. *)
Definition lifted_goal (p : problem) (origin : list Q) (a : atom) : goal :=
  let h := lift_affine (dimension p) (base p) (plain_affine p a) (limit a) in
  let e := Affine (on_last h) (on_points h) (qdot (on_points h) origin) in
  Goal e (fix_affine F e) (strict a).

Definition lifted_stack (p : problem) (origin : list Q) : stack := shift_stack F origin (lift_stack F (dimension p) (base p)).

Lemma lifted_stack_ok p x s origin : well_made p -> base p <> [] -> length x = dimension p -> 0 < s ->
  length (lifted s x) = length origin ->
  stack_ok F (lifted_stack p origin) (minus (lifted s x) origin)
  /\ act (lifted_stack p origin) (minus (lifted s x) origin) = act (lift_stack F (dimension p) (base p)) (lifted s x).
Proof.
  intros WM NE Len Sp Lo. destruct (new_stack_ok F F_nonneg x (relus_of p)) as [SO _]. rewrite <- WM in SO.
  destruct (lift_stack_ok F F_nonneg (dimension p) x s Len Sp _ SO) as [SL _].
  apply (shift_stack_ok F F_nonneg origin _ Lo); [|exact SL]. destruct (base p); [contradiction | discriminate].
Qed.

Lemma lifted_goal_true p x s origin a : well_made p -> base p <> [] -> length x = dimension p -> 0 < s ->
  length (lifted s x) = length origin -> atom_true a x (outputs_of p x) ->
  goal_true (lifted_stack p origin) (minus (lifted s x) origin) (lifted_goal p origin a).
Proof.
  intros WM NE Len Sp Lo T. split; [reflexivity|]. cbn [is_strict lifted_goal excess].
  destruct (new_stack_ok F F_nonneg x (relus_of p)) as [SO _]. rewrite <- WM in SO.
  destruct (lifted_stack_ok p x s origin WM NE Len Sp Lo) as [_ AE].
  pose proof (lift_affine_eq F F_nonneg (dimension p) x s (base p) (plain_affine p a) (limit a) Len Sp SO) as LE.
  rewrite (plain_affine_eq p x a WM) in LE. unfold atom_true in T. apply (times_true s _ _ Sp) in T. rewrite <- LE in T.
  eapply smaller_true; [|exact T]. apply Req_le. unfold at_affine at 1. cbn [on_last on_points constant]. rewrite AE, qdot_eq.
  set (h := lift_affine _ _ _ _). pose proof (dot_minus (on_points h) (lifted s x) origin Lo) as DM. unfold at_affine.
  replace (Q2R (constant h)) with 0 by (unfold h, lift_affine; cbn [constant]; rewrite RMicromega.Q2R_0; reflexivity). lra.
Qed.

Definition face := (input_end * list record)%type.

Definition closes_face (p : problem) (cs : list constraint) (bs : list bound_of_input) (radius : Q) (own : list (nat * list atom)) (f : face) : bool :=
  let box := face_box bs radius (dimension p) (fst f) in
  let origin := map fst box in
  closes (lifted_stack p origin) (lift_constraints (dimension p) cs) box (lifted_goal p origin) own (snd f).

Definition same_end (a b : input_end) : bool := (fst a =? fst b)%nat && Bool.eqb (snd a) (snd b).

(** The inside, and a face for each open end. *)
Definition closes_wide (p : problem) (cs : list constraint) (bs : list bound_of_input) (own : list (nat * list atom))
    (radius : Q) (inside : list record) (faces : list face) : bool :=
  positive radius && match base p with [] => false | _ => true end
  && closes_box p cs (inside_box bs radius (dimension p)) own inside
  && forallb (closes_face p cs bs radius own) faces
  && forallb (fun e => existsb (fun f => same_end e (fst f)) faces) (open_ends bs (dimension p)).

Lemma closes_wide_ok p cs bs own radius inside faces x k c : well_made p -> has_layers p = true ->
  closes_wide p cs bs own radius inside faces = true -> length x = dimension p ->
  Forall (constraint_true x) cs -> Forall (bound_true x) bs -> In (k, c) own -> clause_true p x c -> False.
Proof.
  intros WM HL E Len CS BS Hk C. unfold closes_wide in E. rewrite !andb_true_iff in E. destruct E as [[[[Rp NE] In'] FA] All].
  apply positive_eq in Rp. assert (NE' : base p <> []) by (destruct (base p); discriminate).
  assert (D : (forall e, In e (open_ends bs (dimension p)) -> outward x e <= Q2R radius)
              \/ exists e, In e (open_ends bs (dimension p)) /\ Q2R radius <= outward x e
                           /\ forall e', In e' (open_ends bs (dimension p)) -> outward x e' <= outward x e).
  { destruct (furthest x (open_ends bs (dimension p))) as [->|(e & He & M)]; [left; intros e []|].
    destruct (Rle_dec (outward x e) (Q2R radius)) as [G|G].
    - left. intros e' H. specialize (M e' H). lra.
    - right. exists e. split; [exact He|]. split; [lra | exact M]. }
  destruct D as [D|(e & He & Far & M)].
  - eapply closes_box_ok; try eassumption. apply inside_within; assumption.
  - rewrite forallb_forall in All, FA. specialize (All e He). apply existsb_exists in All. destruct All as (f & Hf & SE).
    apply andb_true_iff in SE. destruct SE as [S1 S2]. apply Nat.eqb_eq in S1. apply Bool.eqb_prop in S2.
    assert (Ef : fst f = e) by (destruct (fst f), e; cbn in *; congruence). specialize (FA f Hf). unfold closes_face in FA. rewrite Ef in FA.
    destruct (face_within x bs radius (dimension p) e Len BS Rp Far M) as [Sp W]. cbv zeta in FA.
    set (s := Q2R radius / outward x e) in *. destruct (minus_box _ _ W) as (_ & Lo & _).
    refine (closes_ok _ _ _ _ _ _ (lifted s x) k c FA _ _ W Hk _).
    + apply lifted_stack_ok; assumption.
    + apply lift_constraints_true; assumption.
    + intros a Ha. apply filter_In in Ha. destruct Ha as [Ha _]. unfold clause_true in C. rewrite Forall_forall in C.
      apply lifted_goal_true; auto.
Qed.

(** *** A case: its clauses, its region, its tree or trees *)

Inductive proof_of_case :=
  | Bounded (tree : list record)
  | Wide (radius : Q) (inside : list record) (faces : list face).

Definition check_case (p : problem) (ks : list nat) (reaches : list reach) (trees : proof_of_case) : bool :=
  match named (clauses p) ks with
  | Some ((k, c) :: others) =>
      let cs := input_constraints c in
      let own := (k, c) :: others in
      forallb (fun kd => included c (snd kd) && included (snd kd) c) others
      && match reached cs (singles cs) reaches with
         | None => false
         | Some bs =>
             match trees with
             | Bounded tree =>
                 match ends bs 0 (dimension p) with
                 | None => false
                 | Some box => closes_box p cs box own tree
                 end
             | Wide radius inside faces => closes_wide p cs bs own radius inside faces
             end
         end
  | _ => false
  end.

Lemma check_case_ok p ks reaches trees k : well_made p -> has_layers p = true ->
  check_case p ks reaches trees = true -> In k ks -> refuted p k.
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
  destruct trees as [tree|radius inside faces].
  - destruct (ends bs 0 (dimension p)) as [box|] eqn:EN; [|discriminate].
    eapply closes_box_ok; try eassumption. exact (ends_true x bs BT x (dimension p) 0 box Len (fun i => eq_refl) EN).
  - eapply closes_wide_ok; eassumption.
Qed.

(** What a clause without a point, or a case, is proved by. *)
Inductive item :=
  | Off (k : nat)
  | Void (ks : list nat) (factors : list Q)
  | Case (ks : list nat) (reaches : list reach) (trees : proof_of_case).

Definition check_item (p : problem) (i : item) : bool :=
  match i with
  | Off k => match nth_error (clauses p) k with Some c => has_no_point (input_constraints c) | None => false end
  | Void ks factors =>
      match named (clauses p) ks with
      | Some ((k, c) :: others) =>
          forallb (fun kd => included c (snd kd) && included (snd kd) c) others && is_void (input_constraints c) factors
      | _ => false
      end
  | Case ks reaches trees => check_case p ks reaches trees
  end.

Definition names (i : item) : list nat := match i with Off k => [k] | Void ks _ => ks | Case ks _ _ => ks end.

Lemma check_item_ok p i k : well_made p -> has_layers p = true -> check_item p i = true -> In k (names i) -> refuted p k.
Proof.
  intros WM HL E H. destruct i as [k0|ks factors|ks reaches trees]; cbn [check_item names] in *.
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

End Cases.
