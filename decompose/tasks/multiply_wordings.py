"""The texts in which long multiplication is put to instruction models: three wordings, alike in facts and answer form.

They say the same in other words, with another example, so that a mistake that one wording invites is not invited by
the next. What changes from step to step comes last, so that a server's prefix cache holds all that comes before.
"""

SYSTEM = (
    "You do long multiplication by hand, one small step at a time. Answer in exactly the form asked for.",
    "You are a careful calculator that works on one digit at a time. Give the answer in the form that is asked for.",
    "You check every sum twice. Your answers are read by a program, so their last lines have exactly the given form.",
)

DIGIT = (
    """\
Work out one digit and write the result with two digits: the first is the new carry (0 if the result is below 10), the \
second is the digit to write down.
Example: 7 * 8 and then the carry 3 make 59, so the answer is
carry = 5
digit = 9
End your answer with exactly these two lines:
carry = ...
digit = ...

Work out {x} {sign} {y} and then add the carry {carry}.""",
    """\
First do the sum below, then take its result apart: its units are the digit, its tens are the carry; a result \
without tens has the carry 0. The last two lines of your answer are the carry and the digit, so for the result 47:
carry = 4
digit = 7

Work out {x} {sign} {y} and then add the carry {carry}.""",
    """\
This is one column of a written calculation. Say what the two digits make, say what it is with the carry, and close \
with the tens and the units of that number (tens may be 0), a line each and nothing after them:
carry = <tens>
digit = <units>
If the number was 30, you would close with
carry = 3
digit = 0

Work out {x} {sign} {y} and then add the carry {carry}.""",
)

SPLIT = (
    """\
A multiplier is split into two parts, the high and the low digits, so that written one after the other they are \
the number again. The parts are equally long; of an odd number of digits the high part has one more. Keep zeros at the \
front of a part.
Example: 87054 is split into
high = 870
low = 54
End your answer with exactly these two lines:
high = ...
low = ...

Split the multiplier {number} into its two parts.""",
    """\
Cut a number in the middle, between two digits. If the number of digits is odd, the digit in the middle belongs to the \
first half. Nothing is left out and nothing is added, zeros included. Your answer's last two lines are the halves, \
like this for 620193:
high = 620
low = 193

Split the multiplier {number} into its halves.""",
    """\
Count the digits of the number. Copy the first half of them as they stand, one more than half if the count is odd; \
then copy the rest as they stand, leading zeros too. Close with two lines and nothing after them:
high = <first digits>
low = <remaining digits>
For the number 4005 you would close with
high = 40
low = 05

Split the multiplier {number} into first and remaining digits.""",
)
