"""Many nodes in one process: real enrolment and real remote write, samples that are known beforehand."""
