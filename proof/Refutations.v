(** The records [refute], [joint], [empty] and [clip]. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State Minima.
Import ListNotations.
Open Scope R_scope.

Section Refutations.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

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

End Refutations.
