throw new RangeError('the config thought better of it')
