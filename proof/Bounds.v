(** The records [bounds], [lower] and [upper]. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State Minima Neurons.
Import ListNotations.
Open Scope R_scope.

Section Bounds.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

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

End Bounds.
