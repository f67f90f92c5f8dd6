"""`show`: what is handed over, the window that takes it, and what is said without a display."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import support
import attenuate
from attenuate import _window

FIRST = [[1.0, 0.0], [0.25, 0.75]]
SECOND = [[1.0, 0.0], [0.5, 0.5]]


class WithoutDisplay(support.InFolder):
    def setUp(self):
        super().setUp()
        for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.set(variable, None)

    @unittest.skipUnless(sys.platform == "linux", "a display is named by the environment on Linux alone")
    def test_a_sentence_and_the_files_path(self):
        shown = attenuate.show(attenuate.attentions(FIRST), name="a.b-c_1")
        self.assertFalse(shown.is_open)
        self.assertEqual(shown.path, self.folder / "state" / "attenuate" / "shown" / "a.b-c_1.safetensors")
        self.assertRegex(repr(shown), f"^No window: there is no display .*{re.escape(str(shown.path))}$")
        self.assertEqual(shown.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(shown.path.parent.stat().st_mode & 0o777, 0o700)
        # What is there opens elsewhere.
        self.assertEqual(attenuate.figure(shown.path).format, "svg")
        self.assertIn("no display", repr(attenuate.show("bundled:austen")))

    def test_names_are_names(self):
        for name in ("", "a/b", "..", ".hidden", "a b", "x" * 65):
            with self.assertRaisesRegex(attenuate.Refused, "name: expected"):
                attenuate.show(attenuate.attentions(FIRST), name=name)

    def test_what_the_program_refuses_is_said(self):
        self.assertIn("nothing", repr(attenuate.show("bundled:austen", quantity="nothing")))


@unittest.skipUnless(sys.platform == "linux" and shutil.which("Xvfb"), "Xvfb not installed")
class InAWindow(support.InFolder):
    def setUp(self):
        super().setUp()
        read, write = os.pipe()
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24"],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as display:
            self.set("DISPLAY", ":" + display.readline().strip())
        self.set("WAYLAND_DISPLAY", None)
        self.addCleanup(screen.wait)
        self.addCleanup(screen.terminate)
        self.addCleanup(self.end_windows)

    def end_windows(self):
        for window in _window._started:
            window.kill()
            window.wait()

    def wait_for(self, what, holds):
        for _ in range(3000):
            if holds():
                return
            time.sleep(0.02)
        self.fail(f"gave up waiting for {what}")

    def has_open(self, process, path):
        """Whether the window has the file that is at the path now, and not one that was there before."""
        inode = str(path.stat().st_ino)
        maps = support.Path(f"/proc/{process.pid}/maps").read_text().splitlines()
        return any(line.split()[4] == inode and line.endswith(str(path)) for line in maps)

    def test_the_same_window_is_renewed_and_another_name_has_its_own(self):
        shown = attenuate.show(attenuate.attentions(FIRST), name="one")
        self.assertTrue(shown.is_open, shown)
        (window,) = _window._started
        self.wait_for("the first file", lambda: self.has_open(window, shown.path))
        for patterns in (SECOND, FIRST):
            self.assertTrue(attenuate.show(attenuate.attentions(patterns), name="one").is_open)
            self.wait_for("the next file", lambda: self.has_open(window, shown.path))
        self.assertIsNone(window.poll())
        self.assertEqual([process for process in _window._started if process.poll() is None], [window])
        self.assertTrue(attenuate.show(attenuate.attentions(FIRST), name="two").is_open)
        self.assertEqual(len([process for process in _window._started if process.poll() is None]), 2)

        # One that ended without being closed is known as such.
        window.send_signal(signal.SIGKILL)
        window.wait()
        self.assertTrue(shown.path.exists())
        self.assertTrue(attenuate.show(attenuate.attentions(SECOND), name="one").is_open)
        other = _window._started[-1]
        self.assertIsNone(other.poll())
        self.wait_for("the file", lambda: self.has_open(other, shown.path))
