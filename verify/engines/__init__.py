"""Who draws blocks: threads of this process, processes, or any executor of Python's kind."""
