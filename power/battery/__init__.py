"""What is in the battery: the estimator, and each kind of evidence that corrects it."""
