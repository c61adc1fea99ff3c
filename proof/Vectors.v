(** Sums of products, of integers and of rationals with reals, and rounding to multiples of 2^-bits. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement.
Import ListNotations.
Open Scope R_scope.

Definition nonnegative (v : list R) : Prop := Forall (fun x => 0 <= x) v.

(** Integer coefficients times values. *)
Fixpoint zdot (w : list Z) (v : list R) : R :=
  match w, v with
  | q :: w, x :: v => IZR q * x + zdot w v
  | _, _ => 0
  end.

Lemma zdot_nil v : zdot [] v = 0.
Proof. destruct v; reflexivity. Qed.

Lemma zdot_empty w : zdot w [] = 0.
Proof. destruct w; reflexivity. Qed.

Lemma dot_empty w : dot w [] = 0.
Proof. destruct w; reflexivity. Qed.

Lemma dot_nil v : dot [] v = 0.
Proof. reflexivity. Qed.

(** The first entry of a list that goes on with zeros. *)
Definition first (w : list Z) : Z := match w with [] => 0%Z | q :: _ => q end.

Lemma zdot_first w x v : zdot w (x :: v) = IZR (first w) * x + zdot (tl w) v.
Proof. destruct w; cbn [zdot first tl]; lra. Qed.

(** Values that are zero where the mask says so. *)
Fixpoint vanishes (live : list bool) (v : list R) : Prop :=
  match live, v with
  | l :: live, x :: v => (l = false -> x = 0) /\ vanishes live v
  | _, _ => True
  end.

(** A list without the entries that the mask leaves out; beyond the mask all stay. *)
Fixpoint keep {A : Type} (mask : list bool) (l : list A) {struct l} : list A :=
  match l, mask with
  | x :: l, true :: mask => x :: keep mask l
  | _ :: l, false :: mask => keep mask l
  | _, _ => l
  end.

Lemma zdot_keep : forall w mask v, vanishes mask v -> zdot (keep mask w) (keep mask v) = zdot w v.
Proof.
  induction w as [|q w IH]; intros mask v H; [reflexivity|].
  destruct v as [|x v]; [rewrite !zdot_empty; reflexivity|].
  destruct mask as [|[|] mask]; [reflexivity| |]; destruct H as [H0 H]; specialize (IH mask v H); cbn [keep zdot]; rewrite IH.
  - reflexivity.
  - rewrite (H0 eq_refl). lra.
Qed.

Lemma keep_map {A B : Type} (f : A -> B) : forall l mask, map f (keep mask l) = keep mask (map f l).
Proof.
  induction l as [|x l IH]; intros mask; [reflexivity|].
  destruct mask as [|[|] mask]; cbn [keep map]; rewrite ?IH; reflexivity.
Qed.

Lemma keep_forall {A : Type} (T : A -> Prop) : forall l mask, Forall T l -> Forall T (keep mask l).
Proof.
  induction l as [|x l IH]; intros mask H; [exact H|]. inversion H; subst.
  destruct mask as [|[|] mask]; cbn [keep]; auto.
Qed.

(** acc + t·w. *)
Fixpoint axpy (t : Z) (w acc : list Z) : list Z :=
  match w, acc with
  | q :: w, a :: acc => (a + t * q)%Z :: axpy t w acc
  | _ :: _, [] => map (fun q => t * q)%Z w
  | [], _ => acc
  end.

Lemma zdot_scale t : forall w v, zdot (map (fun q => t * q)%Z w) v = IZR t * zdot w v.
Proof. induction w as [|q w IH]; intros [|x v]; cbn [map zdot]; rewrite ?mult_IZR, ?IH; lra. Qed.

Lemma zdot_axpy t : forall w acc v, zdot (axpy t w acc) v = IZR t * zdot w v + zdot acc v.
Proof.
  induction w as [|q w IH]; intros acc v; [cbn; lra|].
  destruct acc as [|a acc]; [rewrite zdot_nil; cbn [axpy]; rewrite zdot_scale; lra|].
  destruct v as [|x v]; [rewrite !zdot_empty; lra|].
  cbn [axpy zdot]. rewrite IH, plus_IZR, mult_IZR. lra.
Qed.

(** ** Powers of two *)

Definition power (bits : Z) : R := IZR (2 ^ bits).

Lemma power_pos bits : (0 <= bits)%Z -> 0 < power bits.
Proof. intros H. apply IZR_lt. apply Z.pow_pos_nonneg; lia. Qed.

Lemma power_add a b : (0 <= a)%Z -> (0 <= b)%Z -> power (a + b) = power a * power b.
Proof. intros. unfold power. rewrite Z.pow_add_r by lia. apply mult_IZR. Qed.

(** a rounded down to a multiple of 2^bits. *)
Lemma shiftr_below a bits : (0 <= bits)%Z -> IZR (Z.shiftr a bits) * power bits <= IZR a.
Proof.
  intros H. unfold power. rewrite Z.shiftr_div_pow2 by lia. rewrite <- mult_IZR. apply IZR_le.
  rewrite Z.mul_comm. apply Z.mul_div_le. apply Z.pow_pos_nonneg; lia.
Qed.

Lemma shiftl_exact a bits : (0 <= bits)%Z -> IZR (Z.shiftl a bits) = IZR a * power bits.
Proof. intros H. unfold power. rewrite Z.shiftl_mul_pow2 by lia. apply mult_IZR. Qed.

(** The largest integer at most, and the smallest at least, q·2^bits. *)
Definition floor (bits : Z) (q : Q) : Z := (Z.shiftl (Qnum q) bits / Zpos (Qden q))%Z.
Definition ceiling (bits : Z) (q : Q) : Z := (- floor bits (- q))%Z.

Lemma Q2R_times_den q : Q2R q * IZR (Zpos (Qden q)) = IZR (Qnum q).
Proof. unfold Q2R. field. apply not_0_IZR. lia. Qed.

Lemma den_pos q : 0 < IZR (Zpos (Qden q)).
Proof. apply IZR_lt. lia. Qed.

Lemma floor_below bits q : (0 <= bits)%Z -> IZR (floor bits q) <= power bits * Q2R q.
Proof.
  intros H. unfold floor. pose proof (den_pos q) as D. pose proof (Q2R_times_den q) as E.
  assert (M : IZR (Zpos (Qden q)) * IZR (Z.shiftl (Qnum q) bits / Zpos (Qden q)) <= IZR (Qnum q) * power bits).
  { rewrite <- mult_IZR, <- shiftl_exact by lia. apply IZR_le. apply Z.mul_div_le. lia. }
  apply Rmult_le_reg_l with (IZR (Zpos (Qden q))); [assumption|]. rewrite <- E in M. nra.
Qed.

Lemma ceiling_above bits q : (0 <= bits)%Z -> power bits * Q2R q <= IZR (ceiling bits q).
Proof.
  intros H. unfold ceiling. rewrite opp_IZR. pose proof (floor_below bits (- q)%Q H) as B.
  rewrite Q2R_opp in B. nra.
Qed.

Lemma floors_below bits w : (0 <= bits)%Z -> forall v, nonnegative v ->
  zdot (map (floor bits) w) v <= power bits * dot w v.
Proof.
  intros H. induction w as [|q w IH]; intros v N; [cbn; lra|].
  destruct N as [|x v Hx N]; [cbn; lra|]. cbn [zdot dot map].
  specialize (IH v N). pose proof (floor_below bits q H). nra.
Qed.

Lemma ceilings_above bits w : (0 <= bits)%Z -> forall v, nonnegative v ->
  power bits * dot w v <= zdot (map (ceiling bits) w) v.
Proof.
  intros H. induction w as [|q w IH]; intros v N; [cbn; lra|].
  destruct N as [|x v Hx N]; [cbn; lra|]. cbn [zdot dot map].
  specialize (IH v N). pose proof (ceiling_above bits q H). nra.
Qed.

(** Coefficients rounded down make a smaller function, as values are not negative. *)
Lemma shrink_below bits w : (0 <= bits)%Z -> forall v, nonnegative v ->
  power bits * zdot (map (fun q => Z.shiftr q bits) w) v <= zdot w v.
Proof.
  intros H. induction w as [|q w IH]; intros v N; [cbn; lra|].
  destruct N as [|x v Hx N]; [cbn; lra|]. cbn [zdot map].
  specialize (IH v N). pose proof (shiftr_below q bits H). pose proof (power_pos bits H). nra.
Qed.

(** ** Rationals *)

(** A fraction with its common divisor taken out; whatever gcd says, the value stays. *)
Definition reduced (q : Q) : Q :=
  let g := Z.gcd (Qnum q) (Zpos (Qden q)) in
  let n := (Qnum q / g)%Z in
  let d := (Zpos (Qden q) / g)%Z in
  if ((0 <? d) && (n * Zpos (Qden q) =? Qnum q * d))%Z%bool then n # Z.to_pos d else q.

Lemma reduced_eq q : Q2R (reduced q) = Q2R q.
Proof.
  unfold reduced.
  destruct ((0 <? Zpos (Qden q) / Z.gcd (Qnum q) (Zpos (Qden q))) && _)%Z%bool eqn:E; [|reflexivity].
  apply andb_true_iff in E. destruct E as [E1 E2]. apply Z.ltb_lt in E1. apply Z.eqb_eq in E2.
  apply Qeq_eqR. unfold Qeq. cbn [Qnum Qden]. rewrite Z2Pos.id by assumption. exact E2.
Qed.

Definition qadd (a b : Q) : Q := reduced (a + b).
Definition qmul (a b : Q) : Q := reduced (a * b).

Lemma qadd_eq a b : Q2R (qadd a b) = Q2R a + Q2R b.
Proof. unfold qadd. rewrite reduced_eq. apply Q2R_plus. Qed.

Lemma qmul_eq a b : Q2R (qmul a b) = Q2R a * Q2R b.
Proof. unfold qmul. rewrite reduced_eq. apply Q2R_mult. Qed.

Definition is_zero (q : Q) : bool := (Qnum q =? 0)%Z.

Lemma is_zero_eq q : is_zero q = true -> Q2R q = 0.
Proof. intros H. apply Z.eqb_eq in H. unfold Q2R. rewrite H. lra. Qed.

(** acc + t·w. *)
Fixpoint qaxpy (t : Q) (w acc : list Q) : list Q :=
  match w, acc with
  | q :: w, a :: acc => qadd a (qmul t q) :: qaxpy t w acc
  | q :: w, [] => qmul t q :: qaxpy t w []
  | [], _ => acc
  end.

Lemma dot_qaxpy t w : forall acc v, dot (qaxpy t w acc) v = Q2R t * dot w v + dot acc v.
Proof.
  induction w as [|q w IH]; intros acc v; [cbn; lra|].
  destruct v as [|x v]; [rewrite !dot_empty; lra|].
  destruct acc as [|a acc]; cbn [qaxpy dot]; rewrite IH, ?qadd_eq, ?qmul_eq; cbn [dot]; lra.
Qed.

(** The product of two lists of rationals. *)
Fixpoint qdot (w v : list Q) : Q :=
  match w, v with
  | q :: w, x :: v => if is_zero q then qdot w v else qadd (qmul q x) (qdot w v)
  | _, _ => 0%Q
  end.

Lemma qdot_eq w : forall v, Q2R (qdot w v) = dot w (map Q2R v).
Proof.
  induction w as [|q w IH]; intros [|x v]; cbn [qdot dot map]; try apply RMicromega.Q2R_0.
  destruct (is_zero q) eqn:Z; [rewrite IH, (is_zero_eq q Z); lra|]. rewrite qadd_eq, qmul_eq, IH. reflexivity.
Qed.

(** An affine function of affine functions. *)
Fixpoint qcompose (w : list Q) (functions : list row) (acc : row) : row :=
  match w, functions with
  | q :: w, r :: functions =>
      qcompose w functions
        (if is_zero q then acc
         else Row (qaxpy q (weights r) (weights acc)) (qadd (bias acc) (qmul q (bias r))))
  | _, _ => acc
  end.

Lemma qcompose_eq w : forall functions acc v,
  at_row (qcompose w functions acc) v = dot w (map (fun r => at_row r v) functions) + at_row acc v.
Proof.
  induction w as [|q w IH]; intros [|r functions] acc v; cbn [qcompose dot map]; try lra.
  rewrite IH. destruct (is_zero q) eqn:Z; [rewrite (is_zero_eq q Z); lra|].
  unfold at_row. cbn [weights bias]. rewrite dot_qaxpy, qadd_eq, qmul_eq. lra.
Qed.

(** Tests of signs. *)
Definition negative (q : Q) : bool := (Qnum q <? 0)%Z.
Definition positive (q : Q) : bool := (0 <? Qnum q)%Z.

Lemma positive_eq q : positive q = true -> 0 < Q2R q.
Proof.
  intros H. apply Z.ltb_lt in H. apply IZR_lt in H. pose proof (den_pos q). pose proof (Q2R_times_den q). nra.
Qed.

Lemma negative_eq q : negative q = true -> Q2R q < 0.
Proof.
  intros H. apply Z.ltb_lt in H. apply IZR_lt in H. pose proof (den_pos q). pose proof (Q2R_times_den q). nra.
Qed.

Lemma not_negative_eq q : negative q = false -> 0 <= Q2R q.
Proof.
  intros H. apply Z.ltb_ge in H. apply IZR_le in H. pose proof (den_pos q). pose proof (Q2R_times_den q). nra.
Qed.

Lemma not_positive_eq q : positive q = false -> Q2R q <= 0.
Proof.
  intros H. apply Z.ltb_ge in H. apply IZR_le in H. pose proof (den_pos q). pose proof (Q2R_times_den q). nra.
Qed.
