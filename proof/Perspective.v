(** Points far out (docs/certificate-format.md, "Unbounded inputs"): with s = R/|x_J|, everything times s is linear in (s·x, s). *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Lowering Clauses.
Import ListNotations.
Open Scope R_scope.

(** ** Rows, neurons and layers times s *)

(** So many weights, zeros where there are fewer. *)
Fixpoint pad (d : nat) (w : list Q) : list Q :=
  match d, w with
  | O, _ => []
  | S d, [] => 0%Q :: pad d []
  | S d, q :: w => q :: pad d w
  end.

Definition times (s : R) (x : list R) : list R := map (Rmult s) x.

(** s·x, and s. *)
Definition lifted (s : R) (x : list R) : list R := times s x ++ [s].

Lemma pad_dot s q : forall x d w, length x = d -> dot (pad d w ++ [q]) (lifted s x) = s * dot w x + Q2R q * s.
Proof.
  unfold lifted, times. induction x as [|a x IH]; intros d w <-; cbn [length pad app map].
  - cbn [dot]. rewrite dot_empty. lra.
  - destruct w as [|p w]; cbn [app dot]; rewrite (IH _ _ eq_refl); cbn [dot]; rewrite ?RMicromega.Q2R_0; lra.
Qed.

Definition lift_row (d : nat) (r : row) : row := Row (pad d (weights r) ++ [bias r]) 0%Q.

Lemma lift_row_eq s x d r : length x = d -> at_row (lift_row d r) (lifted s x) = s * at_row r x.
Proof. intros H. unfold at_row, lift_row. cbn [weights bias]. rewrite pad_dot by exact H. rewrite RMicromega.Q2R_0. lra. Qed.

Section Bits.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.

Definition lift_neuron (d : nat) (n : neuron) : neuron :=
  let r := lift_row d (exact n) in Neuron r (fix_row F r) (sign n) None None None false (link n).

(** The neuron that hands on s. *)
Definition hand_on (d : nat) : neuron :=
  let r := lift_row d (Row [] 1%Q) in Neuron r (fix_row F r) (Some true) None None None false None.

Definition width (inputs : nat) (st : stack) : nat := match st with [] => inputs | ns :: _ => length ns end.

Fixpoint lift_stack (inputs : nat) (st : stack) : stack :=
  match st with
  | [] => []
  | ns :: rest => let d := width inputs rest in (map (lift_neuron d) ns ++ [hand_on d]) :: lift_stack inputs rest
  end.

Lemma act_length inputs x st : length x = inputs -> length (act st x) = width inputs st.
Proof. intros H. destruct st as [|ns rest]; [exact H|]. cbn [act width]. unfold relus, pre. rewrite !map_length. reflexivity. Qed.

Lemma lift_stack_ok inputs x s : length x = inputs -> 0 < s -> forall st, stack_ok F st x ->
  stack_ok F (lift_stack inputs st) (lifted s x) /\ act (lift_stack inputs st) (lifted s x) = lifted s (act st x).
Proof.
  intros Len Sp. induction st as [|ns rest IH]; cbn [stack_ok lift_stack act]; [auto|]. intros (K & LK & H).
  destruct (IH H) as [SO AE]. rewrite AE. pose proof (act_length inputs x rest Len) as W. set (v := act rest x) in *.
  set (d := width inputs rest) in *. pose proof (Rlt_le _ _ Sp) as S0.
  assert (One : at_row (lift_row d (Row [] 1%Q)) (lifted s v) = s).
  { rewrite lift_row_eq by exact W. unfold at_row. cbn [weights bias dot]. rewrite Q2R_1. lra. }
  split; [split; [|split; [|exact SO]]|].
  - apply Forall_app. split.
    + rewrite Forall_forall in *. intros m Hm. apply in_map_iff in Hm. destruct Hm as (n & <- & Hn).
      destruct (K n Hn) as [_ (A & I & _)]. split; [apply fix_row_fits, F_nonneg|].
      unfold knows, lift_neuron. cbn [exact sign least most chord]. rewrite lift_row_eq by exact W.
      split; [intros E; specialize (A E); nra|]. split; [intros E; specialize (I E); nra|]. repeat split; intros; discriminate.
    + constructor; [|constructor]. split; [apply fix_row_fits, F_nonneg|]. unfold knows, hand_on. cbn [exact sign least most chord].
      rewrite One. split; [intros _; exact S0|]. repeat split; intros; discriminate.
  - intros m i f Hm L. apply in_app_iff in Hm. destruct Hm as [Hm|[<-|[]]]; [|discriminate].
    apply in_map_iff in Hm. destruct Hm as (n & <- & Hn). cbn [link lift_neuron exact] in *.
    destruct (LK n i f Hn L) as (w & Hw & R). exists (lift_neuron d w). split.
    + rewrite nth_error_app1; [apply map_nth_error, Hw|]. rewrite map_length. apply nth_error_Some. congruence.
    + cbn [exact lift_neuron]. rewrite !lift_row_eq by exact W. rewrite R. lra.
  - unfold relus, pre. rewrite !map_app, !map_map. cbn [map hand_on exact]. rewrite One, (Rmax_right 0 s) by exact S0.
    transitivity (map (fun n => s * Rmax 0 (at_row (exact n) v)) ns ++ [s]); [|unfold lifted, times; rewrite map_map; reflexivity].
    f_equal. apply map_ext. intros n. cbn [exact lift_neuron].
    rewrite lift_row_eq by exact W. set (z := at_row (exact n) v).
    destruct (Rmax_cases z) as [[Z0 ->]|[Z0 ->]]; [rewrite Rmax_left by nra | rewrite Rmax_right by nra]; lra.
Qed.

(** An affine function of the last activations and of inputs, minus a limit, times s: its constant is a weight of the s that is
    handed on, the limit one of the input s. *)
Definition lift_affine (inputs : nat) (st : stack) (a : affine) (limit : Q) : affine :=
  Affine (pad (width inputs st) (on_last a) ++ [constant a]) (pad inputs (on_points a) ++ [Qopp limit]) 0%Q.

Lemma lift_affine_eq inputs x s st a limit : length x = inputs -> 0 < s -> stack_ok F st x ->
  at_affine (lift_affine inputs st a limit) (lift_stack inputs st) (lifted s x) = s * (at_affine a st x - Q2R limit).
Proof.
  intros Len Sp H. destruct (lift_stack_ok inputs x s Len Sp st H) as [_ AE]. unfold at_affine, lift_affine. cbn [on_last on_points constant].
  rewrite AE, pad_dot by (apply act_length, Len). rewrite pad_dot by exact Len. rewrite RMicromega.Q2R_0, Q2R_opp. lra.
Qed.

End Bits.

(** A constraint of inputs, times s. *)
Definition lift_constraint (inputs : nat) (c : constraint) : constraint := (lift_row inputs (fst c), snd c).

(** s > 0. *)
Definition positive_scale (inputs : nat) : constraint := (Row (unit inputs (-1 # 1)) 0%Q, true).

Definition lift_constraints (inputs : nat) (cs : list constraint) : list constraint :=
  map (lift_constraint inputs) cs ++ [positive_scale inputs].

Lemma times_true s e b : 0 < s -> at_most_zero b e -> at_most_zero b (s * e).
Proof. intros Sp. destruct b; cbn [at_most_zero]; intros; nra. Qed.

Lemma lift_constraints_true inputs x s cs : length x = inputs -> 0 < s -> Forall (constraint_true x) cs ->
  Forall (constraint_true (lifted s x)) (lift_constraints inputs cs).
Proof.
  intros Len Sp H. apply Forall_app. split.
  - apply Forall_map. eapply Forall_impl; [|exact H]. intros c. unfold constraint_true, lift_constraint. cbn [fst snd].
    rewrite lift_row_eq by exact Len. apply times_true, Sp.
  - constructor; [|constructor]. unfold constraint_true, positive_scale, at_row. cbn [fst snd weights bias at_most_zero].
    rewrite unit_dot, RMicromega.Q2R_0. unfold lifted. rewrite app_nth2; unfold times; rewrite map_length; [|lia].
    rewrite Len, Nat.sub_diag. cbn [nth]. replace (Q2R (-1 # 1)) with (-1) by (unfold Q2R; cbn; lra). lra.
Qed.

(** ** The inside and the faces *)

(** An end of an input: which, and whether it is the upper one. *)
Definition input_end := (nat * bool)%type.

Definition is_open (bs : list bound_of_input) (e : input_end) : bool :=
  match tightest (fst e) (snd e) bs with None => true | Some _ => false end.

Definition open_ends (bs : list bound_of_input) (inputs : nat) : list input_end :=
  filter (is_open bs) (flat_map (fun j => [(j, false); (j, true)]) (seq 0 inputs)).

(** How far out a point is in an end. *)
Definition outward (x : list R) (e : input_end) : R := if snd e then nth (fst e) x 0 else - nth (fst e) x 0.

Lemma furthest x : forall es : list input_end, es = [] \/ exists e, In e es /\ forall e', In e' es -> outward x e' <= outward x e.
Proof.
  induction es as [|e es [->|(m & Hm & M)]]; [left; reflexivity| |]; right.
  - exists e. split; [left; reflexivity|]. intros e' [<-|[]]. lra.
  - destruct (Rle_dec (outward x e) (outward x m)) as [G|G].
    + exists m. split; [right; exact Hm|]. intros e' [<-|H]; [exact G | apply M, H].
    + exists e. split; [left; reflexivity|]. intros e' [<-|H]; [lra|]. specialize (M e' H). lra.
Qed.

Definition end_or (bs : list bound_of_input) (radius : Q) (j : nat) (above : bool) : Q :=
  match tightest j above bs with Some v => v | None => if above then radius else (- radius)%Q end.

Definition inside_box (bs : list bound_of_input) (radius : Q) (inputs : nat) : list (Q * Q) :=
  map (fun j => (end_or bs radius j false, end_or bs radius j true)) (seq 0 inputs).

Definition face_box (bs : list bound_of_input) (radius : Q) (inputs : nat) (e : input_end) : list (Q * Q) :=
  map (fun j => if (j =? fst e)%nat then let v := if snd e then radius else (- radius)%Q in (v, v)
                else let l := end_or bs radius j false in
                     let u := end_or bs radius j true in
                     (if positive l then 0%Q else l, if negative u then 0%Q else u)) (seq 0 inputs)
  ++ [(0%Q, 1%Q)].

Definition within (lu : Q * Q) (a : R) : Prop := Q2R (fst lu) <= a <= Q2R (snd lu).

Lemma within_all (g : nat -> Q * Q) : forall x k, (forall i, (i < length x)%nat -> within (g (k + i)%nat) (nth i x 0)) ->
  Forall2 within (map g (seq k (length x))) x.
Proof.
  induction x as [|a x IH]; intros k H; cbn [length seq map]; [constructor|]. constructor.
  - specialize (H 0%nat ltac:(cbn; lia)). rewrite Nat.add_0_r in H. exact H.
  - apply IH. intros i Hi. specialize (H (S i) ltac:(cbn; lia)). rewrite Nat.add_succ_r in H. exact H.
Qed.

Lemma open_ends_in bs inputs j above : (j < inputs)%nat -> tightest j above bs = None -> In (j, above) (open_ends bs inputs).
Proof.
  intros Hj T. apply filter_In. split; [|unfold is_open; cbn [fst snd]; rewrite T; reflexivity].
  apply in_flat_map. exists j. split; [apply in_seq; lia|]. destruct above; [right; left | left]; reflexivity.
Qed.

Lemma inside_within x bs radius inputs : length x = inputs -> Forall (bound_true x) bs ->
  (forall e, In e (open_ends bs inputs) -> outward x e <= Q2R radius) -> Forall2 within (inside_box bs radius inputs) x.
Proof.
  intros <- B O. unfold inside_box. apply within_all. intros i Hi. cbn [plus]. unfold within, end_or. cbn [fst snd]. split.
  - destruct (tightest i false bs) as [v|] eqn:T; [exact (tightest_true x i false bs v B T)|].
    specialize (O _ (open_ends_in bs _ i false Hi T)). unfold outward in O. cbn [fst snd] in O. rewrite Q2R_opp. lra.
  - destruct (tightest i true bs) as [v|] eqn:T; [exact (tightest_true x i true bs v B T)|].
    specialize (O _ (open_ends_in bs _ i true Hi T)). exact O.
Qed.

Lemma face_within x bs radius inputs e : length x = inputs -> Forall (bound_true x) bs -> 0 < Q2R radius ->
  Q2R radius <= outward x e -> (forall e', In e' (open_ends bs inputs) -> outward x e' <= outward x e) ->
  let s := Q2R radius / outward x e in
  0 < s /\ Forall2 within (face_box bs radius inputs e) (lifted s x).
Proof.
  intros <- B Rp Far O s. assert (Op : 0 < outward x e) by lra.
  assert (Is : s * outward x e = Q2R radius) by (unfold s; field; lra).
  assert (Sp : 0 < s) by (apply Rdiv_lt_0_compat; assumption).
  assert (S1 : s <= 1) by nra. split; [exact Sp|]. unfold face_box, lifted. apply Forall2_app.
  2: { constructor; [|constructor]. unfold within. cbn [fst snd]. rewrite RMicromega.Q2R_0, Q2R_1. lra. }
  assert (L : length x = length (times s x)) by (unfold times; rewrite map_length; reflexivity). rewrite L. apply within_all.
  intros i Hi. rewrite <- L in Hi. cbn [plus].
  assert (N : nth i (times s x) 0 = s * nth i x 0).
  { unfold times. rewrite <- (Rmult_0_r s) at 1. apply map_nth. }
  rewrite N. destruct (i =? fst e)%nat eqn:J.
  - apply Nat.eqb_eq in J. subst i. unfold within. cbn [fst snd]. unfold outward in Is. destruct (snd e); rewrite ?Q2R_opp; lra.
  - unfold within. cbn [fst snd]. unfold end_or. split.
    + assert (G : exists l, Q2R (match tightest i false bs with Some v => v | None => (- radius)%Q end) = l /\ (l <= 0 -> l <= s * nth i x 0) /\ (0 <= l -> 0 <= s * nth i x 0)).
      { eexists. split; [reflexivity|]. destruct (tightest i false bs) as [v|] eqn:T.
        - pose proof (tightest_true x i false bs v B T) as TT. cbv beta iota in TT. split; intros; nra.
        - specialize (O _ (open_ends_in bs _ i false Hi T)). unfold outward at 1 in O. cbn [fst snd] in O. rewrite Q2R_opp. split; intros; nra. }
      destruct G as (l & El & G1 & G2). destruct (positive _) eqn:P.
      * apply positive_eq in P. rewrite RMicromega.Q2R_0. apply G2. lra.
      * apply not_positive_eq in P. rewrite El in *. apply G1. lra.
    + assert (G : exists u, Q2R (match tightest i true bs with Some v => v | None => radius end) = u /\ (0 <= u -> s * nth i x 0 <= u) /\ (u <= 0 -> s * nth i x 0 <= 0)).
      { eexists. split; [reflexivity|]. destruct (tightest i true bs) as [v|] eqn:T.
        - pose proof (tightest_true x i true bs v B T) as TT. cbv beta iota in TT. split; intros; nra.
        - specialize (O _ (open_ends_in bs _ i true Hi T)). unfold outward at 1 in O. cbn [fst snd] in O. split; intros; nra. }
      destruct G as (u & Eu & G1 & G2). destruct (negative _) eqn:P.
      * apply negative_eq in P. rewrite RMicromega.Q2R_0. apply G2. lra.
      * apply not_negative_eq in P. rewrite Eu in *. apply G1. lra.
Qed.
