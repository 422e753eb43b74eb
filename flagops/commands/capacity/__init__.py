"""`ff capacity`: what a load takes."""
