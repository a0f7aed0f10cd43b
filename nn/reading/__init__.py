"""What a model computes, read off one run of it: affine maps, maxima, sums, and who feeds whom."""
