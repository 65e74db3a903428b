"""unittest run by the program itself: what comes of the tests is read from the result, and from a stream of one's own."""

import io
import re
import unittest

import torch
import torch.nn as nn


def add(a, b):
    return a + b


class TestAdd(unittest.TestCase):
    """What is right."""

    @classmethod
    def setUpClass(cls):
        cls.made = ["class"]

    def setUp(self):
        self.x = torch.tensor([1.0, 2.0], requires_grad=True)
        self.addCleanup(self.made.append, "cleaned")

    def tearDown(self):
        self.made.append("after")

    def test_numbers(self):
        self.assertEqual(add(1, 2), 3)
        self.assertNotEqual(add(1, 2), 4)
        self.assertAlmostEqual(0.1 + 0.2, 0.3)
        self.assertTrue(torch.allclose(self.x, self.x))
        self.assertIn("class", self.made)
        self.assertIsInstance(self.x, torch.Tensor)
        self.assertIsNone(self.x.grad)
        self.assertGreater(2, 1)
        self.assertCountEqual([1, 2, 2], [2, 1, 2])
        self.assertListEqual([1], [1])
        self.assertRegex("epoch 3", r"epoch \d")

    def test_gradient(self):
        """The gradient of a square."""
        (self.x**2).sum().backward()
        self.assertEqual(self.x.grad.tolist(), [2.0, 4.0])
        self.assertEqual(self.x.shape, torch.Size([2]))
        self.assertEqual(self.x.dtype, torch.float32)

    def test_raises(self):
        with self.assertRaises(RuntimeError) as context:
            torch.ones(2) @ torch.ones(3)
        self.assertIn("size", str(context.exception))
        self.assertRaises(ZeroDivisionError, lambda: 1 / 0)
        with self.assertRaisesRegex(ValueError, "in_features|invalid literal"):
            int("x")
        with self.assertRaises((KeyError, IndexError)):
            {}["a"]

    @unittest.skip("not now")
    def test_later(self):
        self.fail()

    @unittest.skipIf(not torch.cuda.is_available(), "no GPU")
    def test_gpu(self):
        self.fail()

    @unittest.expectedFailure
    def test_known(self):
        self.assertEqual(1, 2)

    def test_parts(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertLess(i, 3)


class TestWrong(unittest.TestCase):
    def test_a_equal(self):
        self.assertEqual([1, 2, 3], [1, 2, 4])

    def test_b_dict(self):
        self.assertEqual({"a": 1}, {"a": 2}, "the two differ")

    def test_c_true(self):
        self.assertTrue(torch.equal(torch.ones(2), torch.zeros(2)), msg="not the same")

    def test_d_error(self):
        nn.Linear(2, 3)(torch.ones(4))

    def test_e_parts(self):
        for i in range(3):
            with self.subTest("odd", i=i):
                self.assertEqual(i % 2, 0)

    def test_f_none(self):
        with self.assertRaises(ValueError):
            pass

    def test_g_text(self):
        self.assertEqual("a line\nanother", "a line\nan other")

    def test_h_is(self):
        self.assertIsInstance(3, str)

    def test_i_almost(self):
        self.assertAlmostEqual(1.0, 1.1, places=3)

    def test_j_in(self):
        self.assertIn(4, [1, 2])

    def test_k_tensors(self):
        torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]))

    def test_l_skips(self):
        self.skipTest("as it is")

    def test_m_none(self):
        self.assertIsNone(torch.ones(2))

    def test_n_size(self):
        self.assertEqual(torch.ones(2, 3).shape, (3, 2))

    def test_o_less(self):
        self.assertLess(3, 2)

    @unittest.expectedFailure
    def test_p_works(self):
        pass

    def test_q_raised_other(self):
        with self.assertRaises(ValueError):
            raise KeyError("key")


def told(text):
    """Without times, and the places of lines, which are those of a file."""
    text = re.sub(r"in \d+\.\d+s", "in TIME", text)
    text = re.sub(r'File ".*", line \d+', "File", text)
    return "\n".join(line for line in text.split("\n") if set(line.strip()) - set("^~"))


stream = io.StringIO()
suite = unittest.TestLoader().loadTestsFromTestCase(TestAdd)
result = unittest.TextTestRunner(stream=stream, verbosity=2).run(suite)
print(told(stream.getvalue()))
print(result.testsRun, result.wasSuccessful(), len(result.skipped), [why for _, why in result.skipped])
print(TestAdd.made, suite.countTestCases())

stream = io.StringIO()
result = unittest.TextTestRunner(stream=stream).run(unittest.defaultTestLoader.loadTestsFromTestCase(TestWrong))
words = told(stream.getvalue())
kept, inside = [], False
for line in words.split("\n"):  # frames of PyTorch's own files are its own
    if line.startswith("Traceback"):
        inside = True
    elif not line.startswith(" "):
        inside = False
    if not inside:
        kept.append(line)
print("\n".join(kept))
print(result, result.wasSuccessful(), len(result.failures), len(result.errors))

both = unittest.TestSuite()
both.addTest(TestAdd("test_gradient"))
both.addTests([TestAdd("test_parts")])
stream = io.StringIO()
print(unittest.TextTestRunner(stream, verbosity=2).run(both).wasSuccessful())
print(told(stream.getvalue()))
case = TestAdd("test_gradient")
print(case, case.id(), case.shortDescription(), [case])
