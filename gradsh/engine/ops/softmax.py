"""softmax, log_softmax, logsumexp."""
