(** The records [side], [exact] and [nowhere]. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State Minima Neurons Bounds Refutations Splits.
Import ListNotations.
Open Scope R_scope.

Section Contradictions.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

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

End Contradictions.
