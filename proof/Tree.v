(** A record, and a tree in preorder. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State Minima Neurons Bounds Refutations Splits Contradictions.
Import ListNotations.
Open Scope R_scope.

Section Tree.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

Notation record := (@record raw_basis).

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
  intros H N FA E. destruct r as [new|fields|told|k atom by_|k factors by_|by_| |k|j v|k plus terms|k terms|terms]; cbn [step] in E.
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
  - destruct (refute (remember s) k atom by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply refute_ok; [apply remember_P, H | exact N | exact R].
  - destruct (joint (remember s) k factors by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply joint_ok; [apply remember_P, H | exact N | exact R].
  - destruct (is_empty s by_) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply is_empty_ok; eassumption.
  - destruct (clip (remember s)) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply clip_ok; [apply remember_P, H | exact N | exact R].
  - destruct (split s k) as [[a b]|] eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply split_ok; eassumption.
  - destruct (halve s j v) as [[a b]|] eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply halve_ok; eassumption.
  - destruct (side s k plus terms) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply side_ok; eassumption.
  - destruct (exact_clause s k terms) eqn:R; [|discriminate]. cbn in E. injection E as <-. eapply exact_clause_ok; eassumption.
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

End Tree.
