(** Other units (docs/certificate-format.md, "Holds: units"): a network and a formula that say the same. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Lowering Clauses.
Import ListNotations.
Open Scope R_scope.

(** A unit that is not positive counts as 1. *)
Definition sane (u : Q) : Q := if positive u then u else 1%Q.

Lemma sane_positive u : 0 < Q2R (sane u).
Proof. unfold sane. destruct (positive u) eqn:E; [apply positive_eq, E | rewrite Q2R_1; lra]. Qed.

Definition inverse (u : Q) : Q := (/ sane u)%Q.

Lemma inverse_eq u : Q2R (inverse u) = / Q2R (sane u).
Proof.
  unfold inverse. apply Q2R_inv. intros Z. apply Qeq_eqR in Z. rewrite RMicromega.Q2R_0 in Z. pose proof (sane_positive u). lra.
Qed.

(** Weights times units; those beyond the list are 1. *)
Fixpoint scale_by (us w : list Q) {struct w} : list Q :=
  match w, us with
  | q :: w, u :: us => qmul q (sane u) :: scale_by us w
  | _, _ => w
  end.

Fixpoint divide_by (us : list Q) (v : list R) {struct v} : list R :=
  match v, us with
  | x :: v, u :: us => x / Q2R (sane u) :: divide_by us v
  | _, _ => v
  end.

Lemma divide_by_length : forall v us, length (divide_by us v) = length v.
Proof. induction v as [|x v IH]; intros [|u us]; cbn; auto. Qed.

Lemma divide_by_nothing v : divide_by [] v = v.
Proof. destruct v; reflexivity. Qed.

Lemma dot_scale : forall w us v, dot (scale_by us w) (divide_by us v) = dot w v.
Proof.
  induction w as [|q w IH]; intros us v; [reflexivity|].
  destruct v as [|x v]; [rewrite !dot_empty; reflexivity|].
  destruct us as [|u us]; [reflexivity|]. cbn [scale_by divide_by dot]. rewrite IH, qmul_eq.
  pose proof (sane_positive u). field. lra.
Qed.

Lemma dot_times q : forall w v, dot (map (qmul q) w) v = Q2R q * dot w v.
Proof. induction w as [|p w IH]; intros [|x v]; cbn [map dot]; rewrite ?qmul_eq, ?IH; lra. Qed.

(** A row in units of what it reads, divided by the unit of what it says. *)
Definition scale_row (us : list Q) (u : Q) (r : row) : row :=
  Row (map (qmul (inverse u)) (scale_by us (weights r))) (qmul (inverse u) (bias r)).

Lemma scale_row_eq us u r v : at_row (scale_row us u r) (divide_by us v) = at_row r v / Q2R (sane u).
Proof.
  unfold at_row, scale_row. cbn [weights bias]. rewrite dot_times, dot_scale, qmul_eq, inverse_eq.
  pose proof (sane_positive u). field. lra.
Qed.

Fixpoint scale_rows (us vs : list Q) (rs : list row) : list row :=
  match rs, vs with
  | r :: rs, u :: vs => scale_row us u r :: scale_rows us vs rs
  | r :: rs, [] => scale_row us 1 r :: scale_rows us [] rs
  | [], _ => []
  end.

Definition scale_layer (us vs : list Q) (l : layer) : layer := Layer (scale_rows us vs (rows l)) (relu l).

Lemma Rmax_divide z u : 0 < u -> Rmax 0 (z / u) = Rmax 0 z / u.
Proof.
  intros H. assert (I : 0 < / u) by (apply Rinv_0_lt_compat, H). unfold Rdiv.
  destruct (Rle_dec 0 z) as [G|G].
  - rewrite (Rmax_right 0 z) by lra. apply Rmax_right. nra.
  - rewrite (Rmax_left 0 z) by lra. rewrite Rmult_0_l. apply Rmax_left. nra.
Qed.

Lemma scale_layer_eq us l v : forall vs, at_layer (scale_layer us vs l) (divide_by us v) = divide_by vs (at_layer l v).
Proof.
  unfold at_layer, scale_layer. cbn [rows relu]. induction (rows l) as [|r rs IH]; intros vs; [destruct vs; reflexivity|].
  assert (One : Q2R (sane 1) = 1) by (unfold sane; cbn [positive Qnum]; exact Q2R_1).
  destruct vs as [|u vs]; cbn [scale_rows map divide_by]; rewrite IH, scale_row_eq.
  - rewrite One, divide_by_nothing. f_equal. destruct (relu l); [rewrite Rmax_divide by lra|]; field.
  - f_equal. destruct (relu l); [apply Rmax_divide, sane_positive | reflexivity].
Qed.

(** The units of each layer's values, and those of the last layer. *)
Fixpoint scale_network (us : list Q) (layers : list (list Q)) (n : network) : network * list Q :=
  match n with
  | [] => ([], us)
  | l :: n =>
      let vs := match layers with [] => [] | vs :: _ => vs end in
      let '(rest, last) := scale_network vs (tl layers) n in (scale_layer us vs l :: rest, last)
  end.

Lemma scale_network_eq : forall n us layers v,
  let '(scaled, last) := scale_network us layers n in outputs scaled (divide_by us v) = divide_by last (outputs n v).
Proof.
  unfold outputs. induction n as [|l n IH]; intros us layers v; cbn [scale_network fold_left]; [reflexivity|].
  set (vs := match layers with [] => [] | vs :: _ => vs end). specialize (IH vs (tl layers) (at_layer l v)).
  destruct (scale_network vs (tl layers) n) as [rest last]. cbn [fold_left]. rewrite scale_layer_eq. exact IH.
Qed.

(** An atom in units of inputs and outputs, both sides divided by a unit of its own. *)
Definition scale_atom (us vs : list Q) (u : Q) (a : atom) : atom :=
  Atom (map (qmul (inverse u)) (scale_by us (on_inputs a))) (map (qmul (inverse u)) (scale_by vs (on_outputs a)))
    (qmul (inverse u) (limit a)) (strict a).

Lemma scale_atom_true us vs u a x y : atom_true a x y -> atom_true (scale_atom us vs u a) (divide_by us x) (divide_by vs y).
Proof.
  unfold atom_true, scale_atom. cbn [on_inputs on_outputs limit strict]. rewrite !dot_times, !dot_scale, qmul_eq, inverse_eq.
  pose proof (Rinv_0_lt_compat _ (sane_positive u)). set (k := / Q2R (sane u)) in *.
  destruct (strict a); cbn [at_most_zero]; intros; nra.
Qed.

Fixpoint scale_formula (us vs : list Q) (of_atom : atom -> Q) (f : formula) : formula :=
  match f with
  | Is a => Is (scale_atom us vs (of_atom a) a)
  | And parts => And (map (scale_formula us vs of_atom) parts)
  | Or parts => Or (map (scale_formula us vs of_atom) parts)
  end.

Lemma scale_formula_true us vs of_atom x y : forall f, true_at f x y ->
  true_at (scale_formula us vs of_atom f) (divide_by us x) (divide_by vs y).
Proof.
  apply (formula_rect' (fun f => true_at f x y -> true_at (scale_formula us vs of_atom f) (divide_by us x) (divide_by vs y))).
  - intros a H. cbn [true_at scale_formula] in *. apply scale_atom_true, H.
  - intros l IH. cbn [true_at scale_formula]. induction IH as [|g l Hg _ IHl]; cbn [map]; [auto|]. intros [A B]. split; [apply Hg, A | apply IHl, B].
  - intros l IH. cbn [true_at scale_formula]. induction IH as [|g l Hg _ IHl]; cbn [map]; [auto|]. intros [A|B]; [left; apply Hg, A | right; apply IHl, B].
Qed.

(** The units of inputs, of each layer's values, and of atoms. *)
Record units := Units { of_inputs : list Q; of_layers : list (list Q); of_atoms : atom -> Q }.

Definition in_units (u : units) (n : network) (f : formula) : network * formula :=
  let '(scaled, last) := scale_network (of_inputs u) (of_layers u) n in
  (scaled, scale_formula (of_inputs u) last (of_atoms u) f).

Theorem in_units_holds inputs u n f : holds inputs (fst (in_units u n f)) (snd (in_units u n f)) -> holds inputs n f.
Proof.
  unfold holds, in_units. intros H x Len T. pose proof (scale_network_eq n (of_inputs u) (of_layers u) x) as E.
  destruct (scale_network _ _ n) as [scaled last]. cbn [fst snd] in H.
  apply (H (divide_by (of_inputs u) x)); [rewrite divide_by_length; exact Len|]. rewrite E. apply scale_formula_true, T.
Qed.
