(** The records [split] and [halve]. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State Minima Neurons Bounds.
Import ListNotations.
Open Scope R_scope.

Section Splits.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

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

End Splits.
