"""Systems as models write them, case by case: what is read, what is solved, what is refused and why."""

from __future__ import annotations

import pytest

from distill_dsl.runtime.thoughts.equations import solve_system

SOLVED = [
    # products without a sign, powers, precedence
    ("2x + 3 = 7\nans = x", "2"),
    ("3(x+1) = 12\nans = x", "3"),
    ("ans = (2)(3)", "6"),
    ("x = 4\nans = (x+1)(x-1)", "15"),
    ("t = 3\nans = t(t+1)", "12"),
    ("x = 8\nans = 1/2x", "4"),
    ("ans = 2^3**2", "512"),
    ("x = -5\nans = -x^2", "-25"),
    ("ans = 2^-1", "0.5"),
    ("5x + 3y = 21\nx - y = 1\nans = x", "3"),
    # percentages, comments, prose
    ("price = 50\nans = 20% * price", "10"),
    ("price = 50\nans = 20% of price", "10"),
    ("ans = 20 % * 50", "10"),
    ("ans = 100 * (1 + 5%)^2", "110.25"),
    ("% ans = 5 in a comment\nans = 6", "6"),
    ("# ans = 5\n// ans = 5\nans = 6", "6"),
    ("a = 5 % five things, 7 = 8\nans = a # = 3", "5"),
    ("a = 5 %converted to 6\nans = a", "5"),
    ("The solution is easy.\nTotal cost: c = 5 * 3\nans = c", "15"),
    ("Let x = 5 and y = 6\nans = x + y", "11"),
    ("so we get total = 5\nans = total", "5"),
    ("1. x + y = 5\n2. x - y = 1\nans = x", "3"),
    ("- x = 5\n- ans = x", "5"),
    ("total = 5*4\n% How many? The answer is total:", "20"),
    ("a = 3\nb = 4\nThe answer is a * b.", "12"),
    ("ans = 10 mod 3", "1"),
    ("ans = (10 % 3) + 1", "2"),
    ("ans = 7 // 2", "3"),
    # signs
    ("ans = 6 ÷ 3 × 2 − 1", "3"),
    ("ans = ½ · 8", "4"),
    ("x³ = 27\ny = x²\nans = 9", "9"),
    ("ans = 3 x 4", "12"),
    ("ans = 3x4", "12"),
    ("price = 5\nans = price X 2", "10"),
    ("x = 2\nans = 3 x", "6"),
    ("ans == 5", "5"),
    # numbers, currency, units, names
    ("ans = 1,234 + 1", "1235"),
    ("ans = 1,234,567.5", "1234567.5"),
    ("ans = max(1,234)", "234"),
    ("cost = $5.50\nans = cost * 2", "11"),
    ("ans = 3 × €2", "6"),
    ("ans = 5 dollars + 3 dollars", "8"),
    ("ans = 2.5kg * 4", "10"),
    ("a = 2 hours\nspeed = 60 miles/hour\nans = a * speed", "120"),
    ("number of apples = 5\nans = number of apples * 2", "10"),
    ("cost per pen = 2\npens = 4\nans = cost per pen * pens", "8"),
    ("étudiants = 5\nans = étudiants", "5"),
    ("x = 1\nX = 2\nans = x + 10*X", "21"),
    ("M&Ms = 4\nSean's = 3\nans = M&Ms * Sean's", "12"),
    ("ans = 2e3", "2000"),
    # functions and LaTeX
    ("ans = max(1, 2, 3) + min(4,5)", "7"),
    ("ans = ceil(7/2) + floor(7/2) + round(2.5) + abs(-3) + sqrt(16)", "17"),
    ("ans = round(2.345, 2)", "2.35"),
    ("boxes = ceil(n / 12)\nn = 30\nans = boxes", "3"),
    (r"ans = \frac{1}{2} \times 10 \div 5 \cdot 3", "3"),
    (r"ans = \dfrac12 + \frac{\frac{1}{2}}{2}", "0.75"),
    (r"ans = \sqrt{16} + \left(1 + 2\right)", "7"),
    ("$$x + 2 = 5$$\n\\[ans = x\\]", "3"),
    (r"\text{ans} = 5 \text{ apples}", "5"),
    ("[[eq x = 3 + 4]] so [[eq ans = x * 2]]", "14"),
    # several in a line, chains
    ("x + y = 10; x - y = 2; ans = x", "6"),
    ("x + y = 10, x - y = 2, ans = x*y", "24"),
    ("x = 290/2 = 145\nans = x", "145"),
    ("a + b = 4 * a = 20\nans = b", "15"),
    # what is asked for
    ("x + 2 = 5\nanswer = x", "3"),
    ("Answer = 5", "5"),
    ("x + 2 = ans\nx = 5", "7"),
    # text of the answer
    ("ans = 1/3", "1/3"),
    ("ans = -2/6", "-1/3"),
    ("ans = 1/8", "0.125"),
    ("ans = -0.05", "-0.05"),
    ("ans = sqrt(2)", "1.41421356237"),
    ("1.05^n = 2\nans = n", "14.2066990829"),
    ("ans = 123456789012345678901234567890 * 10", "1234567890123456789012345678900"),
    # underdetermined, but not the answer
    ("x + y = 3\nans = 2*x + 2*y", "6"),
    ("adult = 2x\ntotal = 8x\nans = adult / total * 100", "25"),
    ("0*y = 0\nans = 3 + 0*y", "3"),
    # not linear
    ("rate*time = 100\ntime = 4\nans = rate", "25"),
    ("length * width = 24\nlength = width + 2\nans = length", "6"),
    ("apples^2 = 16\nans = apples", "4"),
    ("x^2 = 16\nx > 0\nans = x", "4"),
    ("a*b = 12\na + b = 7\nans = a*b", "12"),
    ("x = 5/(y - 2)\ny = 7\nans = x", "1"),
    ("side^2 = 2\nans = side", "1.41421356237"),
    ("pupils / buses = 20\npupils / (buses + 1) = 15\nans = pupils", "60"),
    # updates
    ("x = 5\nx = x + 2\nans = x", "7"),
    ("start = p\nstart = 1.2 * start\nstart = 36\nans = p", "30"),
    ("total = 10\ntotal -= 4\nans = total", "6"),
    # Python that states unknowns
    ('def solution():\n    """a = 7"""\n    x = Variable()\n    2*x = 8\n    result = x\n    return result', "4"),
]

REFUSED = [
    ("", "no-answer", "ans"),
    ("x = 1", "no-answer", "ans"),
    ("x + y = 3\nans = x", "no-answer", "`y`"),
    ("ans = oo - oo + zoo", "error:arithmetic", "`oo`"),
    ("x = 1\nx = 2\nans = x", "error:inconsistent", "line 2"),
    ("x + y = 3\n2x + 2y = 7\nans = x", "error:inconsistent", "line 2"),
    ("apples^2 = -1\nans = apples", "error:inconsistent", "no real number"),
    ("x = 2\ny = 5/(x - 2)\nans = y", "error:arithmetic", "division by zero"),
    ("(x^2 - 4)/(x - 2) = 0\n x > 0\nans = 1/(x + 2)", "error:arithmetic", "division by zero"),
    ("x^2 = 4\nans = x", "error:ambiguous", "-2, 2"),
    ("x = y = 3\nans = x", "error:syntax", "line 1"),
    ("x = 1\ny = (2 + \nans = y", "error:syntax", "line 2"),
    ("ans = 5 +* 3", "error:syntax", "operand"),
    ("ans = exec(1)", "error:syntax", "exec"),
    ("ans = ٣", "error:syntax", "line 1"),
    ("x = [1, 2]\nans = x", "error:syntax", "line 1"),
    ("if x > 3\nans = 1\nelse\nans = 2\nend", "no-answer", "branch"),
    ("for i = 1:3\nans = i\nend", "error:syntax", "loop"),
    ("ans = 9^9^9^9", "error:limit", "power"),
    ("ans = " + "9" * 101, "error:limit", "digits"),
    ("ans = " + "(" * 60 + "1" + ")" * 60, "error:limit", "nested"),
    ("ans = " + "-" * 60 + "1", "error:limit", "nested"),
    ("ans = (a+b+c+d)^60", "error:limit", "power"),
    ("ans = 1\n" * 201, "error:limit", "equations"),
    ("x" * 8_001, "error:limit", "characters"),
    ("ceil(x/2) = 3\nans = x", "error:unsolved", "ceil"),
    ("ans = ceil(x/2)", "no-answer", "`x`"),
    ("ans = sqrt(-4)", "error:arithmetic", "negative"),
]


@pytest.mark.parametrize(("text", "answer"), SOLVED)
def test_solved(text: str, answer: str) -> None:
    execution = solve_system(text)
    assert (execution.answer, execution.failure) == (answer, None), execution.detail


@pytest.mark.parametrize(("text", "failure", "detail"), REFUSED)
def test_refused(text: str, failure: str, detail: str) -> None:
    execution = solve_system(text)
    assert (execution.answer, execution.failure) == (None, failure)
    assert detail in execution.detail


def test_details_say_how_the_answer_was_come_by() -> None:
    assert "in order" in solve_system("x = 5\nx = x + 2\nans = x").detail
    assert "only one of 2 solutions" in solve_system("apples^2 = 16\nans = apples").detail
    assert "stated bounds" in solve_system("x^2 = 16\nx > 0\nans = x").detail
    assert solve_system("ans = 5").detail == ""


def test_executed_text_is_kept() -> None:
    assert solve_system("% a sum\nx = 2 % two\nso y = 3; ans = x + y").text == "x = 2\nso y = 3\nans = x + y"
