(define (problem turned-over) (:domain crates) (:objects a b c d - crate)
  (:init (on a b) (on b c) (on c d) (floor d))
  (:goal (and (above d b) (above c a) (not (above d a)))))
