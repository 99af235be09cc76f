"""The statistics: a frame in, a frozen result out; no files, no plots, no clients."""
