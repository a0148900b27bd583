var brand = 1;
