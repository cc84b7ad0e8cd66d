//! One redactor for everything that leaves the program.
