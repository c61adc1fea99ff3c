"""Random ONNX models and what they compute: for tests/python/compare_readers.py."""
