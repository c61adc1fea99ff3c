(** Multipliers and minima (docs/certificate-format.md, "Multipliers and minima" and "Bases"). *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Links Terms Records State.
Import ListNotations.
Open Scope R_scope.

Section Minima.
Context {raw_basis basis : Type} {settings : setting raw_basis basis}.

Notation state := (@state basis).
Notation S := (power F).
Notation follow := (follow F).
Notation neuron_bound := (neuron_bound F follow).
Notation affine_bound := (affine_bound F follow).
Notation value := (value F).

Definition find_row (s : state) (n : name) : option bound :=
  nth_error (if fst n then clip_rows s else split_rows s) (snd n).

Fixpoint parts_of (s : state) (ms : list (name * Z)) : option (list part) :=
  match ms with
  | [] => Some []
  | (n, m) :: ms =>
      match find_row s n, parts_of s ms with
      | Some b, Some parts => if (0 <=? m)%Z then Some ((m, b) :: parts) else None
      | _, _ => None
      end
  end.

Lemma find_row_true s y n b : P s y -> find_row s n = Some b -> row_true y b.
Proof.
  intros (_ & _ & A & C & _) E. apply nth_error_In in E. rewrite Forall_forall in A, C.
  destruct (fst n); auto.
Qed.

Lemma parts_of_sum s y : P s y -> forall ms parts, parts_of s ms = Some parts -> sum_of F parts y <= 0.
Proof.
  intros H. induction ms as [|[n m] ms IH]; intros parts E; cbn [parts_of] in E.
  - injection E as <-. cbn. lra.
  - destruct (find_row s n) as [b|] eqn:FR; [|discriminate]. destruct (parts_of s ms) as [ps|]; [|discriminate].
    destruct (0 <=? m)%Z eqn:M; [|discriminate]. injection E as <-. cbn [sum_of]. specialize (IH ps eq_refl).
    apply Z.leb_le in M. apply IZR_le in M. pose proof (find_row_true s y n b H FR) as T. unfold row_true in T.
    assert (IZR m * value b y <= 0) by nra. lra.
Qed.

Definition fixed_multipliers (ms : list multiplier) : list (name * Z) :=
  map (fun m => (fst m, dyadic_floor F (snd m))) ms.

(** "The minimum" of a function and of parts by a multiplier list, in multiples of 2^-2F. *)
Definition minimum_by (s : state) (total : list Z * Z) (functions : list part) (ms : list (name * Z)) : option Z :=
  option_map (fun parts => minimum F (box s) total (functions ++ parts)) (parts_of s ms).

Lemma sum_of_app a b y : sum_of F (a ++ b) y = sum_of F a y + sum_of F b y.
Proof. induction a as [|[m f] a IH]; cbn [app sum_of]; [lra|]. rewrite IH. lra. Qed.

Lemma minimum_by_below s y total functions ms m : P s y -> nonnegative y -> minimum_by s total functions ms = Some m ->
  S * IZR m <= sum_of F functions y + S * value2 total y.
Proof.
  intros H N E. unfold minimum_by in E. destruct (parts_of s ms) as [parts|] eqn:PO; [|discriminate].
  injection E as <-. pose proof H as (_ & B & _).
  eapply Rle_trans; [apply (minimum_below F F_nonneg); [exact N | exact B]|].
  rewrite sum_of_app. pose proof (parts_of_sum s y H ms parts PO). lra.
Qed.

Definition nothing : list Z * Z := ([], 0%Z).

(** A function with coefficients that count 2^-2F, as sums have them. *)
Definition widen (b : bound) : list Z * Z := (map (fun q => Z.shiftl q F) (fst b), snd b).

Lemma widen_value b y : value2 (widen b) y = value b y.
Proof. unfold value2, value, widen. cbn [fst snd]. rewrite zdot_shiftl by exact F_nonneg. reflexivity. Qed.

(** The minimum of one function by a multiplier list. *)
Definition minimum_of (s : state) (b : bound) (ms : list (name * Z)) : option Z := minimum_by s (widen b) [] ms.

Lemma minimum_of_below s y b ms m : P s y -> nonnegative y -> minimum_of s b ms = Some m -> IZR m <= value b y.
Proof.
  intros H N E. apply minimum_by_below with (y := y) in E; [|exact H | exact N]. rewrite widen_value in E. cbn [sum_of] in E.
  pose proof (S_pos F F_nonneg) as Sp. apply Rmult_le_reg_l with S; [exact Sp | lra].
Qed.

(** "The best minimum": by no multipliers, and by those of the basis that [solve] takes for the best. *)
Definition best_minimum (s : state) (b : bound) (ms : list multiplier) : option Z :=
  match ms with
  | [] =>
      let alone := least_value (box s) b in
      Some (match solve (bases s) (box s) b with
            | [] => alone
            | found => match minimum_of s b found with Some m => Z.max alone m | None => alone end
            end)
  | _ => minimum_of s b (fixed_multipliers ms)
  end.

Lemma best_minimum_below s y b ms m : P s y -> nonnegative y -> best_minimum s b ms = Some m -> IZR m <= value b y.
Proof.
  intros H N E. unfold best_minimum in E. destruct ms.
  - cbv zeta in E. injection E as <-. pose proof H as (_ & B & _).
    assert (A : IZR (least_value (box s) b) <= value b y) by (apply least_value_below; exact B).
    destruct (solve (bases s) (box s) b) as [|f found]; [exact A|].
    destruct (minimum_of s b (f :: found)) as [m|] eqn:M; [|exact A].
    apply minimum_of_below with (y := y) in M; [|exact H | exact N].
    destruct (Z.max_spec (least_value (box s) b) m) as [[_ ->]|[_ ->]]; assumption.
  - eapply minimum_of_below; eassumption.
Qed.

End Minima.
