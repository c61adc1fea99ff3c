(** The checking function of certificates of the kind verification, and the theorem about it. *)

From Coq Require Import ZArith QArith Qreals Reals List Lia Lra Bool.
Require Import Statement Vectors Substitution Records State Lowering Clauses Witness Cases Units.
Import ListNotations.
Open Scope R_scope.

Section Check.
Variable F : Z.
Hypothesis F_nonneg : (0 <= F)%Z.
Variables raw_basis basis : Type.
Variable prepare : raw_basis -> list bound -> list bound -> option basis.
Variable refresh : basis -> list bound -> list bound -> basis.
Variable solve : list basis -> list range -> bound -> list (name * Z).

Notation item := (item raw_basis).
Notation check_items := (check_items F F_nonneg raw_basis basis prepare refresh solve).

Definition problem_of (inputs : nat) (n : network) (f : formula) : problem :=
  let '(relus, pending) := lowered n [] None in
  Problem inputs relus (new_stack F relus) pending (clauses_of f).

Inductive certificate :=
  | Witness (x : list Q)
  | Cases (in_other_units : option units) (items : list item).

Definition claim (inputs : nat) (n : network) (f : formula) (c : certificate) : Prop :=
  match c with
  | Witness _ => violated inputs n f
  | Cases _ _ => holds inputs n f
  end.

Definition check_at (inputs : nat) (n : network) (f : formula) (c : certificate) : bool :=
  match c with
  | Witness x => check_witness inputs n f x
  | Cases None items => check_items (problem_of inputs n f) items
  | Cases (Some u) items => let '(n, f) := in_units u n f in check_items (problem_of inputs n f) items
  end.

Lemma cases_ok inputs n f items : check_items (problem_of inputs n f) items = true -> holds inputs n f.
Proof.
  intros E x Len T. unfold problem_of in E. pose proof (lowered_ok x n [] None) as L.
  destruct (lowered n [] None) as [relus pending].
  eapply (check_items_ok F F_nonneg raw_basis basis prepare refresh solve (Problem inputs relus (new_stack F relus) pending (clauses_of f))); [reflexivity | exact E | exact Len |].
  cbn [clauses]. unfold clause_true, outputs_of. cbn [after relus_of]. rewrite <- L. apply clauses_ok. exact T.
Qed.

Lemma check_at_ok inputs n f c : check_at inputs n f c = true -> claim inputs n f c.
Proof.
  intros E. destruct c as [x|[u|] items]; cbn [check_at claim] in *.
  - eapply check_witness_ok; exact E.
  - apply (in_units_holds inputs u). destruct (in_units u n f) as [n' f']. eapply cases_ok; exact E.
  - eapply cases_ok; exact E.
Qed.

End Check.

(** The checking function, with so many fraction bits and this way of solving bases. *)
Definition check (bits : N) (raw_basis basis : Type) prepare refresh solve inputs n f c : bool :=
  check_at (Z.of_N bits) (N2Z.is_nonneg bits) raw_basis basis prepare refresh solve inputs n f c.

(** The theorem: whatever the number of fraction bits and however bases are solved, what is accepted is true. *)
Theorem check_is_sound (bits : N) (raw_basis basis : Type) prepare refresh solve inputs n f c :
  check bits raw_basis basis prepare refresh solve inputs n f c = true -> claim raw_basis inputs n f c.
Proof. apply check_at_ok. Qed.

Print Assumptions check_is_sound.
